import { z } from "zod";
import { blob, integer, list, text, textList } from "./constraints.ts";

/**
 * The shapes of the service model that several operations share, with the model's own names and limits
 * (`rolesanywhere/2018-05-10`; where newer SDKs allow more, the newer limit).
 */

const uuidRule = { min: 36, max: 36, pattern: ".*[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}.*" };

/** An id. ARNs are not allowed. */
export const uuid = text(uuidRule);

/** An id, an ARN or an alias ARN, as newer SDKs allow in paths. */
export const resourceIdentifier = text({ ...uuidRule, except: /^arn:/ });

export const resourceName = text({ min: 1, max: 255, pattern: "[ a-zA-Z0-9-_]*" });

export const amazonResourceName = text({ min: 1, max: 1011 });

/** ARN of a trust anchor. The shape allows an alias ARN, which ImportCrl then does not find, as newer SDKs document. */
export const trustAnchorArn = text({
  except: /:alias\/trust-anchor\//,
  min: 1,
  max: 1011,
  pattern: "arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:trust-anchor.*)",
});

const tagKeyRule = { min: 1, max: 128, pattern: "[ a-zA-Z0-9_.:/=+@-]*", sensitive: true };
const tagValueRule = { min: 0, max: 256, pattern: "[ a-zA-Z0-9_.:/=+@-]*", sensitive: true };

export const tagList = list(
  { min: 0, max: 200 },
  z.object({ key: text(tagKeyRule), value: text(tagValueRule) }),
);

export const tagKeyList = textList({ min: 0, max: 200 }, tagKeyRule);

export const source = z.object({
  sourceType: z.enum(["AWS_ACM_PCA", "CERTIFICATE_BUNDLE", "SELF_SIGNED_REPOSITORY"]).optional(),
  sourceData: z
    .object({
      x509CertificateData: text({ min: 1, max: 204_800 }).optional(),
      acmPcaArn: text().optional(),
    })
    .optional(),
});

export const notificationEvent = z.enum(["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"]);

export const notificationChannel = z.enum(["ALL"]);

export const notificationSettings = list(
  { min: 0, max: 50 },
  z.object({
    enabled: z.boolean(),
    event: notificationEvent,
    threshold: integer({ min: 1, max: 360 }).optional(),
    channel: notificationChannel.optional(),
  }),
);

export const notificationSettingKeys = list(
  { min: 0, max: 50 },
  z.object({ event: notificationEvent, channel: notificationChannel.optional() }),
);

export const roleArnList = textList(
  { min: 0, max: 250 },
  { min: 1, max: 1011, pattern: "arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)" },
);

export const managedPolicyList = textList({ min: 0, max: 50 }, { min: 1, max: 200 });

export const durationSeconds = integer({ min: 900, max: 43_200 });

export const certificateField = z.enum(["x509Subject", "x509Issuer", "x509SAN"]);

export const mappingRules = z.array(z.object({ specifier: text({ min: 0, max: 60 }) }));

/** Settings of trusted identity propagation; `subjectSource` has a default. */
export const tipConfiguration = z.object({
  status: z.enum(["ENABLED", "DISABLED"]),
  subjectType: z.enum(["user", "workload"]).optional(),
  subjectSource: z.enum(["x509SAN/URI", "x509Subject/CN"]).default("x509Subject/CN"),
});

export const crlData = blob({ min: 1, max: 300_000 });

/** The model limits only the length. `checkAliasName` checks the other rules. */
export const aliasName = text({ min: 0, max: 256 });

export const pageRequest = z.object({
  nextToken: text({ min: 1, max: 10_000 }).optional(),
  pageSize: integer().optional(),
});
