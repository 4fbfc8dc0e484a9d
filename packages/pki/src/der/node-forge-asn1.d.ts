// The DER half of node-forge alone. The package as a whole takes ten times as long to load.
declare module "node-forge/lib/asn1.js" {
  import type forge from "node-forge";

  const asn1: typeof forge.asn1;
  export default asn1;
}
