-- SPDX-License-Identifier: Apache-2.0
-- Signing profiles.

-- name: put_profile
INSERT INTO signer_profile (account, region, name, version, platform_id, certificate_arn, encryption, hash, image_format,
    validity_value, validity_type, parameters, tags, status)
VALUES (:account, :region, :name, :version, :platform_id, :certificate_arn, :encryption, :hash, :image_format,
    :validity_value, :validity_type, :parameters, :tags, 'Active')
ON CONFLICT (account, region, name) DO UPDATE SET
    version = excluded.version, platform_id = excluded.platform_id, certificate_arn = excluded.certificate_arn,
    encryption = excluded.encryption, hash = excluded.hash, image_format = excluded.image_format,
    validity_value = excluded.validity_value, validity_type = excluded.validity_type,
    parameters = excluded.parameters, tags = excluded.tags
WHERE signer_profile.status = 'Active'
RETURNING version

-- name: find_profile
SELECT name, version, platform_id, certificate_arn, encryption, hash, image_format, validity_value, validity_type, parameters, tags, status
FROM signer_profile WHERE account = :account AND region = :region AND name = :name

-- name: list_profiles
SELECT name, version, platform_id, certificate_arn, encryption, hash, image_format, validity_value, validity_type, parameters, tags, status
FROM signer_profile WHERE account = :account AND region = :region AND name > :after ORDER BY name LIMIT :count

-- name: cancel_profile
UPDATE signer_profile SET status = 'Canceled' WHERE account = :account AND region = :region AND name = :name

-- name: set_profile_tags
UPDATE signer_profile SET tags = :tags WHERE account = :account AND region = :region AND name = :name
