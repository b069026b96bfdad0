import type { ImageResolver } from "../control-plane/controllers/revision/digests.ts";
import type { Images } from "../embedded/node/images/images.ts";

/** Digests come from the image store; a missing image is told with the line that would add it. */
export function storeResolver(images: Images): ImageResolver {
  return {
    async resolve(image) {
      const found = await images.resolve(image);
      if (!found)
        throw new Error(`the image store has no ${image}; add it with: ebb image add ${image} PATH`);
      return `${repositoryOf(image)}@${found.digest}`;
    },
  };
}

/** The image's name without tag or digest; a colon before the last slash belongs to a port. */
function repositoryOf(image: string): string {
  const name = image.split("@")[0] as string;
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
}
