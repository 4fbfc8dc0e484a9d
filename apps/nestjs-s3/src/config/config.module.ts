import { type DynamicModule, Module } from "@nestjs/common";
import type { Settings } from "./settings.ts";

/** Injection token of the {@link Settings}. */
export const SETTINGS = Symbol("SETTINGS");

/** Makes the settings injectable everywhere. */
@Module({})
export class ConfigModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: SETTINGS, useValue: settings }],
      exports: [SETTINGS],
    };
  }
}
