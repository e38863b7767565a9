-- SPDX-License-Identifier: Apache-2.0
-- name: insert_certificate
INSERT INTO registry_certificate (certificate_id, account, region, status, pem, version, created, modified)
VALUES (:certificate_id, :account, :region, :status, :pem, 1, :created, :created)
ON CONFLICT (certificate_id, account, region) DO NOTHING RETURNING certificate_id
-- name: find_certificate
SELECT status, pem, version, created, modified FROM registry_certificate
WHERE certificate_id = :certificate_id AND account = :account AND region = :region
-- name: find_registrations
SELECT account, region, status, pem FROM registry_certificate WHERE certificate_id = :certificate_id ORDER BY account, region
-- name: list_certificates_newest_first
SELECT certificate_id, status, created FROM registry_certificate
WHERE account = :account AND region = :region AND (created, certificate_id) < (:created, :after)
ORDER BY created DESC, certificate_id DESC LIMIT :count
-- name: list_certificates_oldest_first
SELECT certificate_id, status, created FROM registry_certificate
WHERE account = :account AND region = :region AND (created, certificate_id) > (:created, :after)
ORDER BY created, certificate_id LIMIT :count
-- name: update_certificate_status
UPDATE registry_certificate SET status = :status, version = version + 1, modified = :now
WHERE certificate_id = :certificate_id AND account = :account AND region = :region
-- name: delete_certificate
DELETE FROM registry_certificate WHERE certificate_id = :certificate_id AND account = :account AND region = :region
