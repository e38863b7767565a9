// SPDX-License-Identifier: Apache-2.0
#include "signer/profiles.hpp"

#include "signer/sql.hpp"

#include <algorithm>

namespace otabahn::signer {
namespace {

constexpr std::size_t version_characters = 10, max_tags = 50;

std::string join(std::span<const std::string_view> words) {
    std::string out;
    for (const auto word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

Outcome<std::string> judge_override(const Platform& platform, std::string_view what, const std::optional<std::string>& value,
                                    std::span<const std::string_view> allowed) {
    if (!value) return std::string();
    if (std::find(allowed.begin(), allowed.end(), *value) != allowed.end()) return *value;
    return Unexpected(validation_error("The override of the " + std::string(what) + " '" + *value + "' is not allowed on platform " +
                                       std::string(platform.id) + ", which takes: " + join(allowed) + "."));
}

// 135 months is Signer's default and maximum.
Outcome<void> judge_validity(const api::signer::SignatureValidityPeriod& period, Profile& profile) {
    profile.validity_value = period.value.value_or(0);
    profile.validity_type = period.type.value_or("");
    const std::int32_t most = profile.validity_type == "DAYS"     ? 4109
                              : profile.validity_type == "MONTHS" ? 135
                              : profile.validity_type == "YEARS"  ? 11
                                                                  : 0;
    if (profile.validity_value < 1 || profile.validity_value > most)
        return Unexpected(
            validation_error("The signature validity period of " + std::to_string(profile.validity_value) + " " + profile.validity_type +
                             " is not valid: it takes a value of at least 1 and at most 135 months, in DAYS, MONTHS or YEARS."));
    return {};
}

}  // namespace

ServiceError validation_error(std::string message) { return {"ValidationException", 400, std::move(message), {}, {}}; }

// AWS writes a slash right after the last colon.
std::string profile_arn(const Scope& scope, const std::string& name) { return scope.arn("signer", "/signing-profiles/" + name); }
std::string profile_version_arn(const Scope& scope, const Profile& profile) {
    return profile_arn(scope, profile.name) + "/" + profile.version;
}

Result<x509::SignatureAlgorithm> choose_algorithm(const Platform& platform, std::string_view encryption, std::string_view hash,
                                                  const x509::Certificate& certificate) {
    const auto kind = certificate.key_algorithm();
    const auto kind_name = x509::to_key_type_name(kind, certificate.key_bits());
    const bool is_rsa = kind == x509::KeyAlgorithm::rsa;
    const std::string_view own = is_rsa ? "RSA" : "ECDSA";
    const auto refuse = [&](const std::string& wanted) {
        return fail(ErrorCode::invalid_request,
                    "The certificate's key is of kind " + kind_name + "; platform " + std::string(platform.id) + " takes " + wanted + ".");
    };
    if (std::find(platform.encryptions.begin(), platform.encryptions.end(), own) == platform.encryptions.end())
        return refuse(join(platform.encryptions) == "RSA" ? "RSA of 2048 bits or more" : "EC on P-256 (EC_prime256v1)");
    if (!encryption.empty() && encryption != own) return refuse("here, by the profile's override, " + std::string(encryption));
    if (is_rsa && certificate.key_bits() < 2048) return refuse("RSA of 2048 bits or more");
    if (!is_rsa && kind != x509::KeyAlgorithm::ec_p256) return refuse("EC on P-256 (EC_prime256v1)");
    const bool sha1 = (hash.empty() ? platform.hashes.front() : hash) == "SHA1";
    if (is_rsa) return sha1 ? x509::SignatureAlgorithm::sha1_rsa : x509::SignatureAlgorithm::sha256_rsa;
    return sha1 ? x509::SignatureAlgorithm::sha1_ecdsa : x509::SignatureAlgorithm::sha256_ecdsa;
}

Result<void> judge_signing_certificate(const x509::Certificate& certificate, const std::string& arn, Timestamp now) {
    if (now < certificate.not_before() || now >= certificate.not_after())
        return fail(ErrorCode::invalid_request,
                    "The certificate " + arn + " is not valid now: it has expired or begins later. Import one that is.");
    if (!certificate.allows_code_signing())
        return fail(ErrorCode::invalid_request, "Invalid EKU in Certificate. Valid EKU values are CodeSigning or ANY. It is " + arn +
                                                    "; make it with extendedKeyUsage = codeSigning.");
    return {};
}

Outcome<Profile> judge_profile(const api::signer::PutSigningProfileRequest& in) {
    Profile out;
    const bool name_fits = id_rules::all_of(in.profile_name, 2, 64, [](char c) { return id_rules::is_alnum(c) || c == '_'; });
    if (!name_fits)
        return Unexpected(validation_error("'" + in.profile_name.substr(0, 100) +
                                           "' is no name of a signing profile: it takes 2 to 64 of a-z A-Z 0-9 _."));
    out.name = in.profile_name;
    out.version = objects::make_random_id(version_characters);
    const auto* platform = find_platform(in.platform_id);
    if (platform == nullptr)
        return Unexpected(validation_error("There is no signing platform '" + in.platform_id.substr(0, 100) +
                                           "'. ListSigningPlatforms names those that there are."));
    out.platform_id = platform->id;
    if (platform->own_key) {
        if (in.signing_material)
            return Unexpected(
                validation_error("signing material must be null: platform " + out.platform_id + " signs with a key of its own."));
    } else {
        if (!in.signing_material || in.signing_material->certificate_arn.empty())
            return Unexpected(validation_error("signing material cannot be null."));
        out.certificate_arn = in.signing_material->certificate_arn;
    }
    if (in.signature_validity_period) {
        if (!platform->own_key)
            return Unexpected(validation_error("signatureValidityPeriod is not supported on platform " + out.platform_id +
                                               ": its signatures do not expire. Leave it out."));
        if (auto fine = judge_validity(*in.signature_validity_period, out); !fine) return Unexpected(fine.error());
    } else if (platform->own_key) {
        out.validity_value = 135;
        out.validity_type = "MONTHS";
    }
    if (in.overrides) {
        const auto& configuration = in.overrides->signing_configuration;
        auto encryption = judge_override(*platform, "encryption algorithm",
                                         configuration ? configuration->encryption_algorithm : std::nullopt, platform->encryptions);
        if (!encryption) return Unexpected(encryption.error());
        out.encryption = *encryption;
        auto hash =
            judge_override(*platform, "hash algorithm", configuration ? configuration->hash_algorithm : std::nullopt, platform->hashes);
        if (!hash) return Unexpected(hash.error());
        out.hash = *hash;
        auto format =
            judge_override(*platform, "signing image format", in.overrides->signing_image_format, std::span(&platform->image_format, 1));
        if (!format) return Unexpected(format.error());
        out.image_format = *format;
    }
    if (in.signing_parameters) out.parameters = *in.signing_parameters;
    if (in.tags) {
        if (in.tags->size() > max_tags)
            return Unexpected(
                validation_error("A signing profile takes at most 50 tags, " + std::to_string(in.tags->size()) + " were given."));
        for (const auto& [key, value] : *in.tags)
            if (key.empty() || key.size() > 128 || value.size() > 256 || key.starts_with("aws:"))
                return Unexpected(validation_error("The tag '" + key.substr(0, 128) +
                                                   "' cannot be taken: a key has 1 to 128 characters and does not start with "
                                                   "'aws:', a value has at most 256."));
        out.tags = *in.tags;
    }
    return out;
}

Profile read_profile(const runtime::SqlRow& row) {
    Profile out;
    out.name = row.text(0);
    out.version = row.text(1);
    out.platform_id = row.text(2);
    out.certificate_arn = row.text(3);
    out.encryption = row.text(4);
    out.hash = row.text(5);
    out.image_format = row.text(6);
    out.validity_value = static_cast<std::int32_t>(row.integer(7));
    out.validity_type = row.text(8);
    out.parameters = objects::parse_fields(row.text(9));
    out.tags = objects::parse_fields(row.text(10));
    out.status = row.text(11);
    return out;
}

std::optional<Profile> find_profile_row(runtime::SqlSession& session, const Scope& scope, const std::string& name) {
    const auto row =
        session.query_one(sql::find_profile, {{"account", scope.account.text()}, {"region", scope.region.text()}, {"name", name}});
    if (!row) return std::nullopt;
    return read_profile(*row);
}

bool put_profile_row(runtime::SqlSession& session, const Scope& scope, const Profile& profile) {
    return session
        .query_one(sql::put_profile, {{"account", scope.account.text()},
                                      {"region", scope.region.text()},
                                      {"name", profile.name},
                                      {"version", profile.version},
                                      {"platform_id", profile.platform_id},
                                      {"certificate_arn", profile.certificate_arn},
                                      {"encryption", profile.encryption},
                                      {"hash", profile.hash},
                                      {"image_format", profile.image_format},
                                      {"validity_value", std::int64_t{profile.validity_value}},
                                      {"validity_type", profile.validity_type},
                                      {"parameters", objects::format_fields(profile.parameters)},
                                      {"tags", objects::format_fields(profile.tags)}})
        .has_value();
}

std::optional<api::signer::SigningPlatformOverrides> to_overrides(const std::string& encryption, const std::string& hash,
                                                                  const std::string& image_format) {
    if (encryption.empty() && hash.empty() && image_format.empty()) return std::nullopt;
    api::signer::SigningPlatformOverrides out;
    if (!encryption.empty() || !hash.empty()) {
        out.signing_configuration.emplace();
        if (!encryption.empty()) out.signing_configuration->encryption_algorithm = encryption;
        if (!hash.empty()) out.signing_configuration->hash_algorithm = hash;
    }
    if (!image_format.empty()) out.signing_image_format = image_format;
    return out;
}

}  // namespace otabahn::signer
