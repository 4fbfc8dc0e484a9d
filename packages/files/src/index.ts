export { homeFolder } from "./place.ts";
export { createFile, removeLeftovers, temporaryFor, withTemporary } from "./create.ts";
export { FileError } from "./file-error.ts";
export type { FileErrorCode } from "./file-error.ts";
export { tryLock } from "./lock.ts";
export { readIfPresent, readJudged, readPrivateFile } from "./read.ts";
export { keepCopy, replaceFile } from "./replace-file.ts";
export { recover } from "./write-in-place.ts";
