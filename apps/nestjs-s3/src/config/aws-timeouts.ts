/** For every AWS client: a service that does not answer must not hold a request for ever. Milliseconds. */
export const AWS_TIMEOUTS = {
  connectionTimeout: 2000,
  requestTimeout: 5000,
  throwOnRequestTimeout: true,
} as const;
