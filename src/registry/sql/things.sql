-- SPDX-License-Identifier: Apache-2.0
-- name: insert_thing
INSERT INTO registry_thing (account, region, name, thing_id, attributes, version, created)
VALUES (:account, :region, :name, :thing_id, :attributes, 1, :created)
ON CONFLICT (account, region, name) DO NOTHING RETURNING thing_id
-- name: find_thing
SELECT thing_id, attributes, version FROM registry_thing WHERE account = :account AND region = :region AND name = :name
-- name: list_things
SELECT name, attributes, version FROM registry_thing
WHERE account = :account AND region = :region AND name > :after ORDER BY name LIMIT :count
-- name: update_thing
UPDATE registry_thing SET attributes = :attributes, version = version + 1
WHERE account = :account AND region = :region AND name = :name AND version = :version
-- name: delete_thing
DELETE FROM registry_thing WHERE account = :account AND region = :region AND name = :name
-- name: delete_thing_memberships
DELETE FROM registry_group_thing WHERE account = :account AND region = :region AND thing_name = :name
-- name: insert_principal
INSERT INTO registry_principal (account, region, thing_name, principal) VALUES (:account, :region, :thing, :principal)
ON CONFLICT (account, region, thing_name, principal) DO NOTHING
-- name: delete_principal
DELETE FROM registry_principal WHERE account = :account AND region = :region AND thing_name = :thing AND principal = :principal
-- name: list_principals
SELECT principal FROM registry_principal
WHERE account = :account AND region = :region AND thing_name = :thing AND principal > :after ORDER BY principal LIMIT :count
-- name: list_things_of_principal
SELECT thing_name FROM registry_principal
WHERE account = :account AND region = :region AND principal = :principal AND thing_name > :after ORDER BY thing_name LIMIT :count
