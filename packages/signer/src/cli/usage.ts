/** What a bare `ra-signer` prints. */
export const USAGE = `ra-signer trades an X.509 certificate for temporary AWS credentials (IAM Roles Anywhere).

  ra-signer configure --profile roles-anywhere --from-outputs cdk-outputs.json \\
      --certificate client.pem --private-key client.key
      writes the profile; from then on: aws s3 ls --profile roles-anywhere

  ra-signer doctor --profile roles-anywhere
      checks files, certificate, ARNs, clock, endpoint and CreateSession, and says what to do

  ra-signer credential-process --certificate client.pem --private-key client.key \\
      --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN
      prints {"Version":1,"AccessKeyId":"ASIA…",…} once

  ra-signer credential-process --cache …
      the same, and keeps the session for the next call; ra-signer cache clear removes it

  ra-signer update --profile roles-anywhere --certificate client.pem …
      keeps credentials in ~/.aws/credentials until it is stopped; --once writes one set

  ra-signer serve --certificate client.pem …
      serves credentials on 127.0.0.1:9911 as EC2 does, for AWS_EC2_METADATA_SERVICE_ENDPOINT

  ra-signer read-certificate-data --certificate client.pem
      prints {"keyType":"EC","certificateData":…,"serialNumber":"417…","supportedAlgorithms":[…]}

  ra-signer sign-string --certificate client.pem --private-key client.key --format text
      prints the signature of a fixed string, to try a key

  ra-signer version

Every command explains its flags: ra-signer <command> --help
`;
