-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE IF NOT EXISTS streams_stream (
    account TEXT NOT NULL, region TEXT NOT NULL, stream_id TEXT NOT NULL,
    description TEXT, role_arn TEXT NOT NULL, version BIGINT NOT NULL, created BIGINT NOT NULL, updated BIGINT NOT NULL,
    PRIMARY KEY (account, region, stream_id));
CREATE INDEX IF NOT EXISTS streams_stream_created ON streams_stream (account, region, created, stream_id);
CREATE TABLE IF NOT EXISTS streams_file (
    account TEXT NOT NULL, region TEXT NOT NULL, stream_id TEXT NOT NULL, file_id BIGINT NOT NULL,
    place BIGINT NOT NULL, bucket TEXT NOT NULL, object_key TEXT NOT NULL, object_version TEXT, etag TEXT,
    PRIMARY KEY (account, region, stream_id, file_id));
