/** Names what this package is for until its helpers move in. */
export const PURPOSE = "helpers that the tests of all packages share";
