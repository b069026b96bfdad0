/**
 * Kubernetes' rarer volumes, most of them storage of a cluster. The node makes none of them and says so on the pod; the
 * shapes are complete for `kubectl explain` and for the refusal of misspelt fields.
 */
import { labelSelectorSchema } from "./label-selector.ts";
import { array, boolean, choice, integer, map, object, type Schema, string } from "./schema.ts";

const int32 = integer({ format: "int32" });
const strings = array(string(), { listType: "atomic" });
const readOnly = boolean();
const fsType = string();
const openApi = (type: string) => ({ openApi: { type: `core.v1.${type}` } });
const secretRef = object({}, { name: string() }, openApi("LocalObjectReference"));

/** A volume of its own type: what it needs and what it may have. */
function source<R extends Record<string, Schema>, O extends Record<string, Schema>>(
  type: string,
  fields: { readonly needs: R; readonly may: O },
) {
  return object(fields.needs, fields.may, openApi(`${type}VolumeSource`));
}

const networkDisks = {
  fc: source("FC", {
    needs: {},
    may: { fsType, lun: int32, readOnly, targetWWNs: strings, wwids: strings },
  }),
  iscsi: source("ISCSI", {
    needs: { iqn: string(), lun: int32, targetPortal: string() },
    may: {
      chapAuthDiscovery: boolean(),
      chapAuthSession: boolean(),
      fsType,
      initiatorName: string(),
      iscsiInterface: string(),
      portals: strings,
      readOnly,
      secretRef,
    },
  }),
  nfs: source("NFS", {
    needs: { path: string(), server: string() },
    may: { readOnly },
  }),
  flexVolume: source("Flex", {
    needs: { driver: string() },
    may: { fsType, options: map(string()), readOnly, secretRef },
  }),
  gitRepo: source("GitRepo", {
    needs: { repository: string() },
    may: { directory: string(), revision: string() },
  }),
};

const cloudDisks = {
  awsElasticBlockStore: source("AWSElasticBlockStore", {
    needs: { volumeID: string() },
    may: { fsType, partition: int32, readOnly },
  }),
  azureDisk: source("AzureDisk", {
    needs: { diskName: string(), diskURI: string() },
    may: {
      cachingMode: choice(["None", "ReadOnly", "ReadWrite"]),
      fsType: string({ default: "ext4" }),
      kind: choice(["Dedicated", "Managed", "Shared"]),
      readOnly: boolean({ default: false }),
    },
  }),
  azureFile: source("AzureFile", {
    needs: { secretName: string(), shareName: string() },
    may: { readOnly },
  }),
  cinder: source("Cinder", {
    needs: { volumeID: string() },
    may: { fsType, readOnly, secretRef },
  }),
  gcePersistentDisk: source("GCEPersistentDisk", {
    needs: { pdName: string() },
    may: { fsType, partition: int32, readOnly },
  }),
  photonPersistentDisk: source("PhotonPersistentDisk", {
    needs: { pdID: string() },
    may: { fsType },
  }),
  vsphereVolume: source("VsphereVirtualDisk", {
    needs: { volumePath: string() },
    may: { fsType, storagePolicyID: string(), storagePolicyName: string() },
  }),
};

const clusterStorage = {
  cephfs: source("CephFS", {
    needs: { monitors: strings },
    may: { path: string(), readOnly, secretFile: string(), secretRef, user: string() },
  }),
  flocker: source("Flocker", {
    needs: {},
    may: { datasetName: string(), datasetUUID: string() },
  }),
  glusterfs: source("Glusterfs", {
    needs: { endpoints: string(), path: string() },
    may: { readOnly },
  }),
  portworxVolume: source("Portworx", {
    needs: { volumeID: string() },
    may: { fsType, readOnly },
  }),
  quobyte: source("Quobyte", {
    needs: { registry: string(), volume: string() },
    may: { group: string(), readOnly, tenant: string(), user: string() },
  }),
  rbd: source("RBD", {
    needs: { image: string(), monitors: strings },
    may: {
      fsType,
      keyring: string({ default: "/etc/ceph/keyring" }),
      pool: string({ default: "rbd" }),
      readOnly,
      secretRef,
      user: string({ default: "admin" }),
    },
  }),
  scaleIO: source("ScaleIO", {
    needs: { gateway: string(), secretRef, system: string() },
    may: {
      fsType: string({ default: "xfs" }),
      protectionDomain: string(),
      readOnly,
      sslEnabled: boolean(),
      storageMode: string({ default: "ThinProvisioned" }),
      storagePool: string(),
      volumeName: string(),
    },
  }),
  storageos: source("StorageOS", {
    needs: {},
    may: { fsType, readOnly, secretRef, volumeName: string(), volumeNamespace: string() },
  }),
};

export const rareVolumeSources = { ...networkDisks, ...cloudDisks, ...clusterStorage };

export const csiSchema = source("CSI", {
  needs: { driver: string() },
  may: { fsType, nodePublishSecretRef: secretRef, readOnly, volumeAttributes: map(string()) },
});

export const trustBundleSchema = object(
  { path: string() },
  { labelSelector: labelSelectorSchema, name: string(), optional: boolean(), signerName: string() },
  openApi("ClusterTrustBundleProjection"),
);

export const podCertificateSchema = object(
  { keyType: string(), signerName: string() },
  {
    certificateChainPath: string(),
    credentialBundlePath: string(),
    keyPath: string(),
    maxExpirationSeconds: int32,
  },
  openApi("PodCertificateProjection"),
);
