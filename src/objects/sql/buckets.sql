-- SPDX-License-Identifier: Apache-2.0
-- Buckets.

-- name: insert_bucket
INSERT INTO objects_bucket (name, account, region, versioning, sequence, created_at)
VALUES (:name, :account, :region, 'never', 0, :now)
ON CONFLICT DO NOTHING RETURNING name

-- name: find_bucket
SELECT name, account, region, versioning, created_at FROM objects_bucket WHERE name = :name

-- name: list_buckets
SELECT name, account, region, versioning, created_at FROM objects_bucket
WHERE account = :account AND name > :after ORDER BY name LIMIT :count

-- name: set_versioning
UPDATE objects_bucket SET versioning = :versioning, sequence = sequence + 1 WHERE name = :name

-- name: advance_bucket
UPDATE objects_bucket SET sequence = sequence + 1 WHERE name = :name RETURNING sequence, versioning

-- name: find_any_version
SELECT object_key FROM objects_version WHERE bucket = :bucket LIMIT 1

-- name: delete_bucket
DELETE FROM objects_bucket WHERE name = :name
