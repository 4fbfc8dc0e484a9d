export const DEFAULT_AUTHORITY_COMMON_NAME = "MyRootCA";
export const DEFAULT_AUTHORITY_VALIDITY_DAYS = 3650;

export const DEFAULT_INTERMEDIATE_VALIDITY_DAYS = 1825;
/** An intermediate issues end-entity certificates only. */
export const DEFAULT_INTERMEDIATE_PATH_LENGTH = 0;

export const DEFAULT_CLIENT_VALIDITY_DAYS = 365;
