export {
  type LocalStackLike,
  type ProfileSettings,
  RolesAnywhereContainer,
  StartedRolesAnywhereContainer,
} from "./roles-anywhere-container.ts";
