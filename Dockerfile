# The three images of this repository, one target each:
#
#   docker build --target mock          -t roles-anywhere-kit/mock .           the Roles Anywhere service
#   docker build --target administrator -t roles-anywhere-kit/administrator .  ra-pki, the CDK and the stack
#   docker build --target app           -t roles-anywhere-kit/nestjs-s3 .      the external server: the app and ra-signer
#
# docker-compose.yml builds all of them. Docker's classic builder runs every stage above the target, so the small image
# comes first.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# The manifests first, so that a change of the source alone does not install the dependencies again.
COPY package.json package-lock.json .npmrc ./
COPY apps/nestjs-s3/package.json apps/nestjs-s3/
COPY packages/e2e/package.json packages/e2e/
COPY packages/enforcement/package.json packages/enforcement/
COPY packages/files/package.json packages/files/
COPY packages/iam-policy/package.json packages/iam-policy/
COPY packages/infra/package.json packages/infra/
COPY packages/mock/package.json packages/mock/
COPY packages/pki/package.json packages/pki/
COPY packages/sandbox/package.json packages/sandbox/
COPY packages/signer/package.json packages/signer/
COPY packages/testing/package.json packages/testing/
RUN npm ci
COPY turbo.json tsconfig.base.json vitest.shared.ts ./
COPY tools/packages/ tools/packages/
COPY packages/ packages/
COPY apps/ apps/
RUN npm run build

# The mock is one file, so its image needs no dependencies.
FROM ${NODE_IMAGE} AS mock
ENV NODE_ENV=production
COPY --from=build /src/packages/mock/dist/ra-mock.mjs /app/ra-mock.mjs
# The user has a number and no name, so that any Node image will do. It owns no file.
USER 65532:65532
EXPOSE 9912
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9912/_mock/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/ra-mock.mjs", "--host", "0.0.0.0"]

# The administrator's machine, so that docker-compose.yml needs no Node on the host.
FROM build AS administrator
# A volume that is mounted here takes over the owner, so that the user node can write to it.
RUN mkdir /ca /server && chown node:node /ca /server
RUN ln -s /src/packages/pki/bin/ra-pki.js /usr/local/bin/ra-pki && ln -s /src/node_modules/.bin/cdk /usr/local/bin/cdk
WORKDIR /src/packages/infra
USER node

# The dependencies that the app and the signer have at run time, without those of the other workspaces.
FROM ${NODE_IMAGE} AS app-dependencies
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY packages/signer/package.json packages/signer/
COPY packages/testing/package.json packages/testing/
COPY apps/nestjs-s3/package.json apps/nestjs-s3/
RUN npm ci --omit=dev --ignore-scripts --workspace apps/nestjs-s3 --workspace packages/signer

FROM ${NODE_IMAGE} AS app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=app-dependencies /src/ ./
COPY --from=build /src/packages/signer/dist/ packages/signer/dist/
COPY --from=build /src/apps/nestjs-s3/public/ apps/nestjs-s3/public/
COPY --from=build /src/apps/nestjs-s3/dist/ apps/nestjs-s3/dist/
# credential_process in ~/.aws/config runs this command by its name.
RUN chmod +x packages/signer/dist/cli/main.cjs && ln -s /app/packages/signer/dist/cli/main.cjs /usr/local/bin/ra-signer
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/nestjs-s3/dist/main.js"]
