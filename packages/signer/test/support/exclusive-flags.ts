/** Pairs of flags that `aws_signing_helper` does not take together. */
export const EXCLUSIVE_FLAGS = [
  ["certificate", "cert-selector"],
  ["certificate", "system-store-name"],
  ["private-key", "cert-selector"],
  ["private-key", "system-store-name"],
  ["private-key", "use-latest-expiring-certificate"],
  ["use-latest-expiring-certificate", "intermediates"],
  ["use-latest-expiring-certificate", "reuse-pin"],
  ["cert-selector", "intermediates"],
  ["cert-selector", "reuse-pin"],
  ["cert-selector", "tpm-key-password"],
  ["cert-selector", "no-tpm-key-password"],
  ["system-store-name", "reuse-pin"],
  ["tpm-key-password", "reuse-pin"],
  ["tpm-key-password", "no-tpm-key-password"],
  ["tpm-key-password", "pkcs8-password"],
] as const;
