# Stands in for localstack/localstack:4.14.0 where no image registry is reachable: the same release from the Python registry.
FROM ra-standin-base
COPY localstack-lock.txt uv-lock.txt /tmp/
RUN python3 -m venv /opt/localstack && /opt/localstack/bin/pip install --quiet --require-hashes -r /tmp/uv-lock.txt \
 && /opt/localstack/bin/uv pip install --quiet --python /opt/localstack/bin/python --require-hashes -r /tmp/localstack-lock.txt
ENV GATEWAY_LISTEN=0.0.0.0:4566 PATH=/opt/localstack/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 4566
CMD ["python", "-m", "localstack.runtime.main"]
