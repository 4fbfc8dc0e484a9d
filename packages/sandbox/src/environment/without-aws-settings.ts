/**
 * The given environment less everything that could lead an AWS SDK or the CDK to a real account.
 *
 * Every `AWS_*` variable is dropped, whatever it means today: keys, profiles, endpoints, role ARNs, container credentials.
 *
 * @param environment usually `process.env`
 * @returns a copy; undefined values are left out
 */
export function withoutAwsSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || /^AWS_/i.test(name)) continue;
    kept[name] = value;
  }
  return kept;
}
