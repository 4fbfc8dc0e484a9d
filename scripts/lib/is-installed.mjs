// Exits with 0 when node_modules holds what package-lock.json says.
import { differingPackage } from "../../tools/doctor/installation.mjs";

try {
  process.exitCode = differingPackage(".") === undefined ? 0 : 1;
} catch {
  process.exitCode = 1;
}
