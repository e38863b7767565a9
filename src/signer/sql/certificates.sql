-- SPDX-License-Identifier: Apache-2.0
-- ACM.

-- name: put_certificate
INSERT INTO signer_certificate (account, region, certificate_id, certificate, chain, private_key, tags, created_at, imported_at)
VALUES (:account, :region, :id, :certificate, :chain, :private_key, :tags, :now, :now)
ON CONFLICT (account, region, certificate_id) DO UPDATE SET
    certificate = excluded.certificate, chain = excluded.chain, private_key = excluded.private_key, imported_at = excluded.imported_at

-- name: find_certificate
SELECT certificate_id, certificate, chain, tags, created_at, imported_at FROM signer_certificate
WHERE account = :account AND region = :region AND certificate_id = :id

-- name: load_private_key
SELECT private_key FROM signer_certificate WHERE account = :account AND region = :region AND certificate_id = :id

-- name: list_certificates_oldest_first
SELECT certificate_id, certificate, chain, tags, created_at, imported_at FROM signer_certificate
WHERE account = :account AND region = :region AND (created_at, certificate_id) > (:created_at, :id)
ORDER BY created_at, certificate_id LIMIT :count

-- name: list_certificates_newest_first
SELECT certificate_id, certificate, chain, tags, created_at, imported_at FROM signer_certificate
WHERE account = :account AND region = :region AND (created_at, certificate_id) < (:created_at, :id)
ORDER BY created_at DESC, certificate_id DESC LIMIT :count

-- name: delete_certificate
DELETE FROM signer_certificate WHERE account = :account AND region = :region AND certificate_id = :id

-- name: set_certificate_tags
UPDATE signer_certificate SET tags = :tags WHERE account = :account AND region = :region AND certificate_id = :id
