import { RolesAnywhereContainer } from "../../src/testcontainers/index.ts";
import type { LocalStackLike } from "../../src/testcontainers/index.ts";

/** The README's example word for word, so that the compiler reads it; the tests beside it run the same calls. */
export async function example(localstack: LocalStackLike, rootCaPem: string): Promise<void> {
  await using mock = await new RolesAnywhereContainer()
    .withLocalStack(localstack) // or withStsEndpoint(url)
    .withTrustAnchor(rootCaPem)
    .withProfile({ roleArns: ["arn:aws:iam::000000000000:role/reader"] })
    .start();

  mock.getEndpoint(); // also getTrustAnchorArn(), getProfileArn(), getRegion(), getAccountId(), getAudit()
}
