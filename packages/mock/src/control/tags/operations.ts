import type { Operation } from "../operation.ts";
import { listTagsForResource } from "./list-tags-for-resource.ts";
import { tagResource } from "./tag-resource.ts";
import { untagResource } from "./untag-resource.ts";

export const tagOperations: readonly Operation[] = [tagResource, untagResource, listTagsForResource];
