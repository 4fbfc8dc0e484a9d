import { notFound } from "../errors/service-error.ts";
import * as shapes from "../model/shapes.ts";
import type { CrlRecord } from "../state/records.ts";
import { findByArn } from "../state/state.ts";
import { readRevocationLists } from "../trust/revocation.ts";
import type { Operation } from "./operation.ts";
import {
  checkQuota,
  commonOperations,
  createOperation,
  refuseMalformed,
  updateOperation,
} from "./resource.ts";
import type { ResourceKind } from "./resource.ts";

export const MAX_CRLS_PER_TRUST_ANCHOR = 2;

const kind: ResourceKind<CrlRecord> = {
  type: "crl",
  member: "crl",
  label: "CRL",
  records: (state) => state.crls,
  idOf: (record) => record.crlId,
};

export const crlOperations: readonly Operation[] = [
  createOperation(
    kind,
    "ImportCrl",
    { crlData: shapes.crlData, trustAnchorArn: shapes.trustAnchorArn },
    ({ state }, { crlData, trustAnchorArn }, common, { id, arn }) => {
      // The ARN of an alias does not name a trust anchor here.
      const anchor = findByArn(state, "trust-anchor", state.trustAnchors, trustAnchorArn);
      if (anchor === undefined) throw notFound(`Trust anchor ${trustAnchorArn} was not found.`);
      checkCrlData(crlData);
      const siblings = [...state.crls.values()].filter((crl) => crl.trustAnchorArn === trustAnchorArn);
      checkQuota("CRLs per trust anchor", siblings.length, MAX_CRLS_PER_TRUST_ANCHOR);
      return { ...common, crlId: id, crlArn: arn, trustAnchorArn, crlData };
    },
  ),
  updateOperation(kind, "UpdateCrl", { crlData: shapes.crlData.optional() }, ({ crlData }) => {
    if (crlData !== undefined) checkCrlData(crlData);
    return { crlData };
  }),
  ...commonOperations(kind),
];

/** CreateSession checks the issuer, signature and dates of a list when it uses it. */
function checkCrlData(bytes: Uint8Array): void {
  const required = "Invalid CRL; a PEM-encoded X.509 certificate revocation list is required";
  refuseMalformed(required, () => readRevocationLists(bytes));
}
