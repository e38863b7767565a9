// SPDX-License-Identifier: Apache-2.0
// Signing jobs in the store.
#pragma once

#include "api/signer.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "objects/names.hpp"
#include "runtime/store.hpp"
#include "signer/profiles.hpp"

#include <optional>
#include <string>

namespace otabahn::signer {

struct SigningJob {
    Scope scope;
    std::string id;
    std::int64_t newness = 0;
    std::string profile_name, profile_version, platform_id, certificate_arn;
    std::string encryption, hash, image_format;  // overrides
    objects::Fields parameters;
    std::string source_bucket, source_key, source_version;
    std::string target_bucket, target_prefix;
    std::string requested_by;  // ARN
    std::string status = "InProgress", status_reason;
    Timestamp created_at{};
    std::optional<Timestamp> completed_at;

    std::string target_key() const { return target_prefix + id; }
};

// The job of that token: `job` itself when the token is new, else the earlier one.
SigningJob insert_job_row(runtime::SqlSession& session, const SigningJob& job, const std::string& token);
std::optional<SigningJob> find_job_row(runtime::SqlSession& session, const Scope& scope, const std::string& id);
std::optional<SigningJob> find_job_of_token(runtime::SqlSession& session, const Scope& scope, const std::string& token);
SigningJob read_job(const runtime::SqlRow& row);

}  // namespace otabahn::signer
