// SPDX-License-Identifier: Apache-2.0
// Signing profiles: what PutSigningProfile accepts (spec control-plane 3.3), and their rows.
#pragma once

#include "api/signer.hpp"
#include "awsapi/service_error.hpp"
#include "base/ids.hpp"
#include "objects/names.hpp"
#include "runtime/store.hpp"
#include "signer/certificates.hpp"
#include "signer/platforms.hpp"
#include "x509/x509.hpp"

#include <optional>
#include <string>

namespace otabahn::signer {

using awsapi::Outcome;
using awsapi::ServiceError;

ServiceError validation_error(std::string message);

struct Profile {
    std::string name, version, platform_id;
    std::string certificate_arn;                 // empty: the platform takes none
    std::string encryption, hash, image_format;  // overrides; empty: the platform's own
    std::int32_t validity_value = 0;             // 0: none
    std::string validity_type;
    objects::Fields parameters, tags;
    std::string status = "Active";
};

std::string profile_arn(const Scope& scope, const std::string& name);
std::string profile_version_arn(const Scope& scope, const Profile& profile);

// How the platform signs with this certificate's key. Refused when the key's kind does not fit.
Result<x509::SignatureAlgorithm> choose_algorithm(const Platform& platform, std::string_view encryption, std::string_view hash,
                                                  const x509::Certificate& certificate);
// Valid now, and allowed to sign code.
Result<void> judge_signing_certificate(const x509::Certificate& certificate, const std::string& arn, Timestamp now);

// Everything but the certificate's own rules, which need its row. Pure.
Outcome<Profile> judge_profile(const api::signer::PutSigningProfileRequest& in);

Profile read_profile(const runtime::SqlRow& row);
std::optional<Profile> find_profile_row(runtime::SqlSession& session, const Scope& scope, const std::string& name);
// False: the name is of a profile that is canceled.
bool put_profile_row(runtime::SqlSession& session, const Scope& scope, const Profile& profile);

std::optional<api::signer::SigningPlatformOverrides> to_overrides(const std::string& encryption, const std::string& hash,
                                                                  const std::string& image_format);

}  // namespace otabahn::signer
