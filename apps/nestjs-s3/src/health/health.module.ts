import { Module } from "@nestjs/common";
import { HealthController } from "./health.controller.ts";

/** For whoever decides whether to restart this server or to send it traffic. */
@Module({ controllers: [HealthController] })
export class HealthModule {}
