-- SPDX-License-Identifier: Apache-2.0
-- name: insert_group
INSERT INTO registry_group (account, region, name, group_id, parent, description, attributes, version, created)
VALUES (:account, :region, :name, :group_id, :parent, :description, :attributes, 1, :created)
ON CONFLICT (account, region, name) DO NOTHING RETURNING group_id
-- name: find_group
SELECT group_id, parent, description, attributes, version, created FROM registry_group
WHERE account = :account AND region = :region AND name = :name
-- name: list_groups
SELECT name FROM registry_group WHERE account = :account AND region = :region AND name > :after ORDER BY name LIMIT :count
-- name: list_child_groups
SELECT name FROM registry_group
WHERE account = :account AND region = :region AND parent = :parent AND name > :after ORDER BY name LIMIT :count
-- name: delete_group
DELETE FROM registry_group WHERE account = :account AND region = :region AND name = :name
-- name: delete_group_memberships
DELETE FROM registry_group_thing WHERE account = :account AND region = :region AND group_name = :name
-- name: insert_membership
INSERT INTO registry_group_thing (account, region, group_name, thing_name) VALUES (:account, :region, :group_name, :thing)
ON CONFLICT (account, region, group_name, thing_name) DO NOTHING
-- name: delete_membership
DELETE FROM registry_group_thing
WHERE account = :account AND region = :region AND group_name = :group_name AND thing_name = :thing
-- name: list_members
SELECT thing_name FROM registry_group_thing
WHERE account = :account AND region = :region AND group_name = :group_name AND thing_name > :after ORDER BY thing_name LIMIT :count
-- name: list_groups_of_thing
SELECT group_name FROM registry_group_thing
WHERE account = :account AND region = :region AND thing_name = :thing AND group_name > :after ORDER BY group_name LIMIT :count
