/** Patterns of the ARNs that this package takes and returns, by kind. */
export const ARN_PATTERNS = {
  trustAnchor: /^arn:aws[\w-]*:rolesanywhere:[\w-]+:\d{12}:trust-anchor\/[\w-]+$/,
  profile: /^arn:aws[\w-]*:rolesanywhere:[\w-]+:\d{12}:profile\/[\w-]+$/,
  role: /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/,
  certificateAuthority: /^arn:aws[\w-]*:acm-pca:[\w-]+:\d{12}:certificate-authority\/[\w-]+$/,
} as const;

/** The form of an ARN of each kind, for messages. */
export const ARN_SHAPES: Readonly<Record<keyof typeof ARN_PATTERNS, string>> = {
  trustAnchor: "arn:aws:rolesanywhere:<region>:<account>:trust-anchor/<id>",
  profile: "arn:aws:rolesanywhere:<region>:<account>:profile/<id>",
  role: "arn:aws:iam::<account>:role/<name>",
  certificateAuthority: "arn:aws:acm-pca:<region>:<account>:certificate-authority/<id>",
};
