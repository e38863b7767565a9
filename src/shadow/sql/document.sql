-- SPDX-License-Identifier: Apache-2.0
-- name: find_document
SELECT version, deleted, state, timestamps FROM shadow_document
WHERE account = :account AND region = :region AND thing = :thing AND name = :name
-- name: insert_document
INSERT INTO shadow_document (account, region, thing, name, version, deleted, state, timestamps)
VALUES (:account, :region, :thing, :name, :version, 0, :state, :timestamps)
ON CONFLICT (account, region, thing, name) DO NOTHING
-- name: update_document
UPDATE shadow_document SET version = :version, deleted = :deleted, state = :state, timestamps = :timestamps
WHERE account = :account AND region = :region AND thing = :thing AND name = :name
    AND version = :found_version AND deleted = :found_deleted
-- name: list_names
SELECT name FROM shadow_document
WHERE account = :account AND region = :region AND thing = :thing AND name > :after AND deleted = 0 AND name <> ''
ORDER BY name LIMIT :count
-- name: forget_deleted
DELETE FROM shadow_document WHERE deleted <> 0 AND deleted <= :before AND (account, region, thing, name) IN
    (SELECT account, region, thing, name FROM shadow_document WHERE deleted <> 0 AND deleted <= :before ORDER BY deleted LIMIT :count)
