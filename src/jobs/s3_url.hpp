// SPDX-License-Identifier: Apache-2.0
// The URL of an S3 object, as job documents and documentSource write it (spec control-plane 7.2, jobs 3.7). Pure.
#pragma once

#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::jobs {

struct ObjectAddress {
    std::string bucket, key;
    std::optional<std::string> version_id;

    std::string arn() const { return "arn:aws:s3:::" + bucket + "/" + key; }
};

// Hosts of AWS: s3.amazonaws.com, s3.R, s3-R, s3.dualstack.R with the bucket in the path, or the bucket before them; and
// `own_host` (host:port, the Host that a caller used for this server), with the bucket in the path or before it.
// `encoded`: key and version are percent-encoded, and ?versionId=ID may follow; else the text is the key as it stands.
Result<ObjectAddress> parse_s3_url(std::string_view url, std::string_view own_host, bool encoded);

// Nothing: a % without two hex digits, or a NUL.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace otabahn::jobs
