/**
 * Kubernetes' rarer volumes, most of them storage of a cluster. The node makes none of them and says so on the pod; the
 * shapes are complete for `kubectl explain` and for the refusal of misspelt fields.
 */
import { labelSelectorSchema } from "./label-selector.ts";
import { array, boolean, choice, integer, map, object, type Schema, string } from "./schema.ts";

const int32 = integer({ format: "int32" });
const strings = array(string(), { listType: "atomic" });
const readOnly = boolean();
const fsType = string({ description: "File system on the device." });
const openApi = (type: string) => ({ openApi: { type: `core.v1.${type}` } });
const secretRef = object({}, { name: string() }, openApi("LocalObjectReference"));

/** A volume of its own type: what it needs, what it may have, and what it is. */
function source<R extends Record<string, Schema>, O extends Record<string, Schema>>(
  type: string,
  description: string,
  fields: { readonly needs: R; readonly may: O },
) {
  return object(fields.needs, fields.may, { description, ...openApi(`${type}VolumeSource`) });
}

const networkDisks = {
  fc: source("FC", "A disk on a Fibre Channel.", {
    needs: {},
    may: { fsType, lun: int32, readOnly, targetWWNs: strings, wwids: strings },
  }),
  iscsi: source("ISCSI", "A disk behind an iSCSI target.", {
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
  nfs: source("NFS", "A folder of an NFS server.", {
    needs: { path: string(), server: string() },
    may: { readOnly },
  }),
  flexVolume: source("Flex", "Made by a driver on the node.", {
    needs: { driver: string() },
    may: { fsType, options: map(string()), readOnly, secretRef },
  }),
  gitRepo: source("GitRepo", "A checkout of a git repository.", {
    needs: { repository: string() },
    may: { directory: string(), revision: string() },
  }),
};

const cloudDisks = {
  awsElasticBlockStore: source("AWSElasticBlockStore", "A disk of Amazon's cloud.", {
    needs: { volumeID: string() },
    may: { fsType, partition: int32, readOnly },
  }),
  azureDisk: source("AzureDisk", "A disk of Microsoft's cloud.", {
    needs: { diskName: string(), diskURI: string() },
    may: {
      cachingMode: choice(["None", "ReadOnly", "ReadWrite"]),
      fsType: string({ default: "ext4" }),
      kind: choice(["Dedicated", "Managed", "Shared"]),
      readOnly: boolean({ default: false }),
    },
  }),
  azureFile: source("AzureFile", "A share of Microsoft's cloud.", {
    needs: { secretName: string(), shareName: string() },
    may: { readOnly },
  }),
  cinder: source("Cinder", "A disk of OpenStack.", {
    needs: { volumeID: string() },
    may: { fsType, readOnly, secretRef },
  }),
  gcePersistentDisk: source("GCEPersistentDisk", "A disk of Google's cloud.", {
    needs: { pdName: string() },
    may: { fsType, partition: int32, readOnly },
  }),
  photonPersistentDisk: source("PhotonPersistentDisk", "A disk of Photon.", {
    needs: { pdID: string() },
    may: { fsType },
  }),
  vsphereVolume: source("VsphereVirtualDisk", "A disk of vSphere.", {
    needs: { volumePath: string() },
    may: { fsType, storagePolicyID: string(), storagePolicyName: string() },
  }),
};

const clusterStorage = {
  cephfs: source("CephFS", "A folder of a Ceph cluster.", {
    needs: { monitors: strings },
    may: { path: string(), readOnly, secretFile: string(), secretRef, user: string() },
  }),
  flocker: source("Flocker", "A dataset of Flocker.", {
    needs: {},
    may: { datasetName: string(), datasetUUID: string() },
  }),
  glusterfs: source("Glusterfs", "A volume of GlusterFS.", {
    needs: { endpoints: string(), path: string() },
    may: { readOnly },
  }),
  portworxVolume: source("Portworx", "A volume of Portworx.", {
    needs: { volumeID: string() },
    may: { fsType, readOnly },
  }),
  quobyte: source("Quobyte", "A volume of Quobyte.", {
    needs: { registry: string(), volume: string() },
    may: { group: string(), readOnly, tenant: string(), user: string() },
  }),
  rbd: source("RBD", "A block device of a Ceph cluster.", {
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
  scaleIO: source("ScaleIO", "A volume of ScaleIO.", {
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
  storageos: source("StorageOS", "A volume of StorageOS.", {
    needs: {},
    may: { fsType, readOnly, secretRef, volumeName: string(), volumeNamespace: string() },
  }),
};

export const rareVolumeSources = { ...networkDisks, ...cloudDisks, ...clusterStorage };

export const csiSchema = source("CSI", "Made by a storage driver for this pod alone.", {
  needs: { driver: string() },
  may: { fsType, nodePublishSecretRef: secretRef, readOnly, volumeAttributes: map(string()) },
});

export const trustBundleSchema = object(
  { path: string({ description: "File below the volume." }) },
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
