-- SPDX-License-Identifier: Apache-2.0
-- Versions of objects.

-- name: insert_version
INSERT INTO objects_version (bucket, object_key, newness, version_id, role, is_marker, etag, size, content, parts,
    headers, metadata, tags, checksums, checksum_scope, modified_at)
VALUES (:bucket, :key, :newness, :version_id, :role, :is_marker, :etag, :size, :content, :parts,
    :headers, :metadata, :tags, :checksums, :checksum_scope, :now)

-- name: find_current
SELECT object_key, newness, version_id, role, is_marker, etag, size, content, parts, headers, metadata, tags, checksums, checksum_scope, modified_at
FROM objects_version WHERE bucket = :bucket AND object_key = :key ORDER BY newness LIMIT 1

-- name: find_version
SELECT object_key, newness, version_id, role, is_marker, etag, size, content, parts, headers, metadata, tags, checksums, checksum_scope, modified_at
FROM objects_version WHERE bucket = :bucket AND object_key = :key AND version_id = :version_id

-- name: demote_current
UPDATE objects_version SET role = 0 WHERE bucket = :bucket AND object_key = :key AND role <> 0

-- name: promote_newest
UPDATE objects_version SET role = 1 + is_marker
WHERE bucket = :bucket AND object_key = :key
  AND newness = (SELECT MIN(newness) FROM objects_version WHERE bucket = :bucket AND object_key = :key)

-- name: delete_version
DELETE FROM objects_version WHERE bucket = :bucket AND object_key = :key AND version_id = :version_id
RETURNING content, is_marker, role, etag

-- name: set_tags
UPDATE objects_version SET tags = :tags WHERE bucket = :bucket AND object_key = :key AND version_id = :version_id

-- name: list_current_after
SELECT object_key, newness, version_id, role, is_marker, etag, size, content, parts, headers, metadata, tags, checksums, checksum_scope, modified_at
FROM objects_version WHERE bucket = :bucket AND role = 1 AND object_key > :key ORDER BY object_key LIMIT :count

-- name: list_current_from
SELECT object_key, newness, version_id, role, is_marker, etag, size, content, parts, headers, metadata, tags, checksums, checksum_scope, modified_at
FROM objects_version WHERE bucket = :bucket AND role = 1 AND object_key >= :key ORDER BY object_key LIMIT :count

-- name: list_versions_after
SELECT object_key, newness, version_id, role, is_marker, etag, size, content, parts, headers, metadata, tags, checksums, checksum_scope, modified_at
FROM objects_version WHERE bucket = :bucket AND (object_key, newness) > (:key, :newness) ORDER BY object_key, newness LIMIT :count

-- name: find_content
SELECT version_id FROM objects_version WHERE content = :content LIMIT 1
