-- SPDX-License-Identifier: Apache-2.0
-- name: insert_stream
INSERT INTO streams_stream (account, region, stream_id, description, role_arn, version, created, updated)
VALUES (:account, :region, :stream_id, :description, :role_arn, 1, :now, :now)
ON CONFLICT (account, region, stream_id) DO NOTHING RETURNING stream_id
-- name: count_streams
SELECT COUNT(*) FROM streams_stream WHERE account = :account AND region = :region
-- name: find_stream
SELECT description, role_arn, version, created, updated FROM streams_stream
WHERE account = :account AND region = :region AND stream_id = :stream_id
-- name: update_stream
UPDATE streams_stream SET description = :description, role_arn = :role_arn, version = version + 1, updated = :now
WHERE account = :account AND region = :region AND stream_id = :stream_id AND version < 65535
RETURNING version
-- name: delete_stream
DELETE FROM streams_stream WHERE account = :account AND region = :region AND stream_id = :stream_id
-- name: list_streams_newest_first
SELECT stream_id, description, version, created FROM streams_stream
WHERE account = :account AND region = :region AND (created, stream_id) < (:created, :after)
ORDER BY created DESC, stream_id DESC LIMIT :count
-- name: list_streams_oldest_first
SELECT stream_id, description, version, created FROM streams_stream
WHERE account = :account AND region = :region AND (created, stream_id) > (:created, :after)
ORDER BY created, stream_id LIMIT :count
-- name: insert_file
INSERT INTO streams_file (account, region, stream_id, file_id, place, bucket, object_key, object_version, etag)
VALUES (:account, :region, :stream_id, :file_id, :place, :bucket, :object_key, :object_version, :etag)
-- name: list_files
SELECT file_id, bucket, object_key, object_version, etag FROM streams_file
WHERE account = :account AND region = :region AND stream_id = :stream_id ORDER BY place
-- name: delete_files
DELETE FROM streams_file WHERE account = :account AND region = :region AND stream_id = :stream_id
-- name: pin_etag
UPDATE streams_file SET etag = :etag
WHERE account = :account AND region = :region AND stream_id = :stream_id AND file_id = :file_id
AND bucket = :bucket AND object_key = :object_key AND etag IS NULL
-- name: find_etag
SELECT etag FROM streams_file
WHERE account = :account AND region = :region AND stream_id = :stream_id AND file_id = :file_id
