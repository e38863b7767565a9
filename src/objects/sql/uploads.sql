-- SPDX-License-Identifier: Apache-2.0
-- Uploads in parts.

-- name: insert_upload
INSERT INTO objects_upload (upload_id, bucket, object_key, account, initiator, headers, metadata, tags, checksum_kind, checksum_scope,
    state, version_id, touched, initiated_at)
VALUES (:upload_id, :bucket, :key, :account, :initiator, :headers, :metadata, :tags, :checksum_kind, :checksum_scope, 'open', '', 0, :now)

-- name: find_upload
SELECT upload_id, bucket, object_key, account, initiator, headers, metadata, tags, checksum_kind, checksum_scope, state, version_id, initiated_at
FROM objects_upload WHERE upload_id = :upload_id

-- name: touch_upload
UPDATE objects_upload SET touched = touched + 1
WHERE upload_id = :upload_id AND bucket = :bucket AND object_key = :key AND state = 'open'
RETURNING upload_id, bucket, object_key, account, initiator, headers, metadata, tags, checksum_kind, checksum_scope, state, version_id, initiated_at

-- name: complete_upload
UPDATE objects_upload SET state = 'complete', version_id = :version_id WHERE upload_id = :upload_id

-- name: delete_upload
DELETE FROM objects_upload WHERE upload_id = :upload_id

-- name: list_uploads_after
SELECT upload_id, bucket, object_key, account, initiator, headers, metadata, tags, checksum_kind, checksum_scope, state, version_id, initiated_at
FROM objects_upload WHERE bucket = :bucket AND state = 'open' AND (object_key, upload_id) > (:key, :upload_id)
ORDER BY object_key, upload_id LIMIT :count

-- name: insert_part
INSERT INTO objects_part (upload_id, part_number, blob_id, size, md5, checksums, modified_at)
VALUES (:upload_id, :part_number, :blob_id, :size, :md5, :checksums, :now)

-- name: delete_part
DELETE FROM objects_part WHERE upload_id = :upload_id AND part_number = :part_number RETURNING blob_id

-- name: list_parts
SELECT part_number, blob_id, size, md5, checksums, modified_at FROM objects_part
WHERE upload_id = :upload_id AND part_number > :after ORDER BY part_number LIMIT :count

-- name: find_part_of_blob
SELECT upload_id FROM objects_part WHERE blob_id = :blob_id LIMIT 1

-- name: list_open_uploads_of_bucket
SELECT upload_id FROM objects_upload WHERE bucket = :bucket AND state = 'open' ORDER BY upload_id
