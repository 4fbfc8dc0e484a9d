import type { Drill } from "./drill.ts";
import { endOfLifeDrills } from "./end-of-life.ts";
import { permissionDrills } from "./permissions.ts";
import { rotationDrills } from "./rotation.ts";
import { stolenIdentityDrills } from "./stolen-identity.ts";
import { trustPolicyDrills } from "./trust-policies.ts";

/** Every drill, in the order in which they are run. Each leaves the world as it was, so the order does not matter. */
export const DRILLS: readonly Drill[] = [
  ...stolenIdentityDrills,
  ...endOfLifeDrills,
  ...rotationDrills,
  ...trustPolicyDrills,
  ...permissionDrills,
];
