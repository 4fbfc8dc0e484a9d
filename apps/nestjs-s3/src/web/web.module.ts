import { type MiddlewareConsumer, Module, type NestModule } from "@nestjs/common";
import { securityHeaders } from "./security-headers.ts";
import { WebController } from "./web.controller.ts";

/** The page, and the headers that keep it to itself. */
@Module({ controllers: [WebController] })
export class WebModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes("{*path}");
  }
}
