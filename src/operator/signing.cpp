// SPDX-License-Identifier: Apache-2.0
#include "operator/signing.hpp"

#include "api/acm.hpp"
#include "api/s3.hpp"
#include "api/signer.hpp"
#include "runtime/random.hpp"
#include "x509/x509.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace otabahn::operator_tool {

namespace json = boost::json;

namespace {

constexpr std::string_view device_management = "AWSIoTDeviceManagement-SHA256-ECDSA", freertos = "AmazonFreeRTOS-Default";
constexpr auto certificate_life = std::chrono::days(3650);
constexpr auto signing_patience = std::chrono::minutes(5);

std::string names(const std::vector<Profile>& profiles) {
    std::string out;
    for (const auto& profile : profiles) out += (out.empty() ? "" : ", ") + profile.name;
    return out;
}

}  // namespace

Result<void> check_profile_name(const std::string& name) {
    const bool good = name.size() >= 2 && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                      });
    if (good) return {};
    return fail(ErrorCode::invalid_request, "'" + name + "' is no name of a signing profile: it takes 2 to 64 of a-z A-Z 0-9 _.");
}

Result<void> create_signing(Session& session, const std::string& name) {
    if (auto good = check_profile_name(name); !good) return good;
    if (auto there = session.aws().call<api::signer::GetSigningProfile>({.profile_name = name}))
        return fail(ErrorCode::already_exists, "Signing profile " + name + " exists already in " + session.scope().region.text() +
                                                   " (status " + there->status.value_or("unknown") +
                                                   "); choose another name, or deploy with --signing-profile " + name + ".");
    else if (there.error().code != "ResourceNotFoundException")
        return Unexpected(while_doing("looking for signing profile " + name, there.error()));

    auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    if (!key) return Unexpected(key.error());
    const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    auto certificate = x509::issue({.public_key_pem = key->public_key_pem(),
                                    .subject = {.common_name = name},
                                    .not_before = now - std::chrono::hours(1),
                                    .not_after = now + certificate_life,
                                    .code_signing = true},
                                   *key, nullptr);
    if (!certificate) return Unexpected(certificate.error());
    auto imported = session.aws().call<api::acm::ImportCertificate>({.certificate = certificate->to_pem(), .private_key = key->to_pem()});
    if (!imported) return Unexpected(while_doing("importing the code-signing certificate into ACM", imported.error()));
    const auto arn = imported->certificate_arn.value_or("");
    session.say("Code-signing certificate imported: " + arn);
    auto profile =
        session.aws().call<api::signer::PutSigningProfile>({.profile_name = name,
                                                            .signing_material = api::signer::SigningMaterial{.certificate_arn = arn},
                                                            .platform_id = std::string(device_management)});
    if (!profile) return Unexpected(while_doing("making signing profile " + name + " for the certificate " + arn, profile.error()));
    session.tell("Signing profile " + name + " is ready. Devices made from now on trust it; `otabahn deploy` signs with it.",
                 {{"profileName", name},
                  {"profileVersionArn", profile->profile_version_arn.value_or("")},
                  {"certificateArn", arn},
                  {"certificate", certificate->to_pem()}});
    return {};
}

Result<std::vector<Profile>> active_profiles(Session& session) {
    std::vector<Profile> out;
    for (const auto platform : {device_management, freertos}) {
        std::optional<std::string> token;
        do {
            auto page = session.aws().call<api::signer::ListSigningProfiles>({.next_token = token, .platform_id = std::string(platform)});
            if (!page) return Unexpected(while_doing("listing the signing profiles", page.error()));
            for (const auto& profile : page->profiles.value_or(std::vector<api::signer::SigningProfile>()))
                if (profile.status == "Active" && profile.signing_material)
                    out.push_back({profile.profile_name.value_or(""), profile.signing_material->certificate_arn, std::string(platform)});
            token = page->next_token;
        } while (token);
    }
    return out;
}

Result<Profile> choose_profile(Session& session, const std::string& name) {
    auto profiles = active_profiles(session);
    if (!profiles) return Unexpected(profiles.error());
    if (!name.empty()) {
        for (auto& profile : *profiles)
            if (profile.name == name) return std::move(profile);
        return fail(ErrorCode::not_found, "There is no active signing profile " + name + " of an IoT platform in " +
                                              session.scope().region.text() +
                                              "; there are: " + (profiles->empty() ? "none" : names(*profiles)) + ".");
    }
    if (profiles->empty())
        return fail(ErrorCode::not_found, "There is no active signing profile in " + session.scope().region.text() +
                                              "; make one with `otabahn signing create NAME`.");
    if (profiles->size() > 1)
        return fail(ErrorCode::conflict,
                    "There are several active signing profiles: " + names(*profiles) + "; choose one with --signing-profile.");
    return std::move(profiles->front());
}

Result<std::uint64_t> size_limit(Session& session, const Profile& profile) {
    auto platform = session.aws().call<api::signer::GetSigningPlatform>({.platform_id = profile.platform});
    if (!platform) return Unexpected(while_doing("asking for the limits of signing platform " + profile.platform, platform.error()));
    return static_cast<std::uint64_t>(platform->max_size_in_mb.value_or(0)) << 20;
}

Result<Signature> sign(Session& session, const Profile& profile, const S3Version& object, const std::string& prefix) {
    const auto what = "signing s3://" + object.bucket + "/" + object.key + " with profile " + profile.name;
    api::signer::StartSigningJobRequest request;
    request.source.s3 = api::signer::S3Source{.bucket_name = object.bucket, .key = object.key, .version = object.version};
    request.destination.s3 = api::signer::S3Destination{.bucket_name = object.bucket, .prefix = prefix};
    request.profile_name = profile.name;
    request.client_request_token = runtime::random_uuid();
    auto started = session.aws().call<api::signer::StartSigningJob>(request);
    if (!started) return Unexpected(while_doing(what, started.error()));

    const auto give_up = std::chrono::steady_clock::now() + signing_patience;
    auto pause = std::chrono::milliseconds(100);
    api::signer::DescribeSigningJobResponse job;
    for (;;) {
        auto described = session.aws().call<api::signer::DescribeSigningJob>({.job_id = started->job_id.value_or("")});
        if (!described) return Unexpected(while_doing(what, described.error()));
        job = std::move(*described);
        if (job.status == "Succeeded") break;
        if (job.status == "Failed")
            return fail(ErrorCode::invalid_state, what + " failed: " + job.status_reason.value_or("Signer gave no reason") + ".");
        if (std::chrono::steady_clock::now() > give_up)
            return fail(ErrorCode::unavailable, what + " did not end within " + std::to_string(signing_patience.count()) +
                                                    " minutes; signing job " + started->job_id.value_or("") + " is still " +
                                                    job.status.value_or("unknown") + ".");
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(5000));
    }
    if (!job.signed_object || !job.signed_object->s3)
        return fail(ErrorCode::internal, what + ": Signer says Succeeded but names no output object.");
    const auto& output = *job.signed_object->s3;
    auto text = session.aws().get_object({.bucket = output.bucket_name.value_or(""), .key = output.key.value_or("")});
    if (!text)
        return Unexpected(while_doing("reading the signature from s3://" + output.bucket_name.value_or("") + "/" + output.key.value_or(""),
                                      text.error()));
    boost::system::error_code wrong;
    const auto parsed = json::parse(*text, wrong);
    const auto* members = wrong ? nullptr : parsed.if_object();
    const auto* value = members ? members->if_contains("signature") : nullptr;
    const auto* algorithm = members ? members->if_contains("signatureAlgorithm") : nullptr;
    if (!value || !value->is_string() || !algorithm || !algorithm->is_string())
        return fail(ErrorCode::internal, "Signer's output " + output.key.value_or("") + " has no signature and signatureAlgorithm.");
    auto known = x509::parse_signature_algorithm(std::string(algorithm->as_string()));
    if (!known) return Unexpected(known.error());
    return Signature{std::string(x509::to_document_name(*known)), std::string(value->as_string())};
}

}  // namespace otabahn::operator_tool
