# Stands in for localstack/localstack:4.14.0 where no image registry is reachable: the same release from the Python registry.
# Like the official image it holds compiled modules and the index of all AWS services, so that a start takes seconds.
FROM ra-standin-base
COPY localstack-lock.txt uv-lock.txt /tmp/
RUN python3 -m venv /opt/localstack && /opt/localstack/bin/pip install --quiet --require-hashes -r /tmp/uv-lock.txt \
 && /opt/localstack/bin/uv pip install --quiet --compile-bytecode --python /opt/localstack/bin/python --require-hashes -r /tmp/localstack-lock.txt \
 && mkdir -p /usr/lib/localstack && OVERRIDE_IN_DOCKER=1 /opt/localstack/bin/python -m localstack.aws.spec
ENV GATEWAY_LISTEN=0.0.0.0:4566 PATH=/opt/localstack/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 4566
CMD ["python", "-m", "localstack.runtime.main"]
