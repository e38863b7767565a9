// SPDX-License-Identifier: Apache-2.0
// Signer's platforms and profiles (spec control-plane 3.2, 3.3).
#include "access/authorised.hpp"
#include "signer/signer.hpp"
#include "signer/sql.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::signer {

namespace api_signer = api::signer;
using awsapi::Caller;

namespace {

constexpr std::int32_t max_page = 25;

Outcome<std::size_t> judge_page(const std::optional<std::int32_t>& max_results) {
    const auto most = max_results.value_or(max_page);
    if (most < 1 || most > max_page)
        return Unexpected(validation_error("maxResults is between 1 and 25, not " + std::to_string(most) + "."));
    return static_cast<std::size_t>(most);
}

// GetSigningPlatformResponse and SigningPlatform have the same members.
template <class Shape>
Shape to_shape(const Platform& platform) {
    const auto words = [](std::span<const std::string_view> list) { return std::vector<std::string>(list.begin(), list.end()); };
    Shape out;
    out.platform_id = platform.id;
    out.display_name = platform.display_name;
    out.partner = platform.partner;
    out.target = platform.target;
    out.category = "AWS";  // what AWS answers; its model says AWSIoT
    out.signing_configuration.emplace();
    out.signing_configuration->encryption_algorithm_options = {words(platform.encryptions), std::string(platform.encryptions.front())};
    out.signing_configuration->hash_algorithm_options = {words(platform.hashes), std::string(platform.hashes.front())};
    out.signing_image_format = api_signer::SigningImageFormat{{std::string(platform.image_format)}, std::string(platform.image_format)};
    out.max_size_in_mb = platform.max_megabytes;
    out.revocation_supported = platform.revocation;
    return out;
}

template <class Shape>
void write_profile(Shape& out, const Scope& scope, const Profile& profile) {
    out.profile_name = profile.name;
    out.profile_version = profile.version;
    out.profile_version_arn = profile_version_arn(scope, profile);
    if (!profile.certificate_arn.empty()) out.signing_material = api_signer::SigningMaterial{profile.certificate_arn};
    if (profile.validity_value > 0)
        out.signature_validity_period = api_signer::SignatureValidityPeriod{profile.validity_value, profile.validity_type};
    out.platform_id = profile.platform_id;
    if (const auto* platform = find_platform(profile.platform_id)) out.platform_display_name = platform->display_name;
    if (!profile.parameters.empty()) out.signing_parameters = profile.parameters;
    out.status = profile.status;
    out.arn = profile_arn(scope, profile.name);
    out.tags = profile.tags;
}

ServiceError no_such_profile(const std::string& name) {
    return {"ResourceNotFoundException", 404, "profile with name " + name + " does not exist", {}, {}};
}

// The profile's name out of its ARN, when it is of this account and region.
Outcome<std::string> parse_profile_arn(const Scope& scope, const std::string& arn) {
    const auto prefix = profile_arn(scope, "");
    if (!arn.starts_with(prefix) || arn.size() == prefix.size())
        return Unexpected(
            ServiceError{"NotFoundException",
                         404,
                         "'" + arn + "' is no signing profile of this account and region: its ARN begins with " + prefix + ".",
                         {},
                         {}});
    return arn.substr(prefix.size());
}

}  // namespace

void Signer::bind_platforms(awsapi::Operations& operations) {
    access::bind_authorised<api_signer::ListSigningPlatforms>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [](const Caller&, const api_signer::ListSigningPlatformsRequest& in) -> Outcome<api_signer::ListSigningPlatformsResponse> {
            const auto most = judge_page(in.max_results);
            if (!most) return Unexpected(most.error());
            std::size_t start = 0;
            if (in.next_token) {
                const auto& text = *in.next_token;
                const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), start);
                if (error != std::errc() || end != text.data() + text.size() || start > platforms().size())
                    return Unexpected(validation_error("The nextToken is none that ListSigningPlatforms gave."));
            }
            api_signer::ListSigningPlatformsResponse out;
            out.platforms.emplace();
            for (std::size_t i = start; i < platforms().size(); ++i) {
                const auto& platform = platforms()[i];
                if (in.category && *in.category != "AWS" && *in.category != "AWSIoT") continue;
                if (in.partner && *in.partner != platform.partner) continue;
                if (in.target && *in.target != platform.target) continue;
                if (out.platforms->size() == *most) {
                    out.next_token = std::to_string(i);
                    break;
                }
                out.platforms->push_back(to_shape<api_signer::SigningPlatform>(platform));
            }
            return out;
        });

    access::bind_authorised<api_signer::GetSigningPlatform>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [](const Caller&, const api_signer::GetSigningPlatformRequest& in) -> Outcome<api_signer::GetSigningPlatformResponse> {
            const auto* platform = find_platform(in.platform_id);
            if (platform == nullptr)
                return awsapi::service_fail(
                    "ResourceNotFoundException", 404,
                    "There is no signing platform '" + in.platform_id + "'. ListSigningPlatforms names those that there are.");
            return to_shape<api_signer::GetSigningPlatformResponse>(*platform);
        });
}

void Signer::bind_profiles(awsapi::Operations& operations) {
    const auto by_name = [](const Scope& scope, const auto& in) { return profile_arn(scope, in.profile_name); };

    access::bind_authorised<api_signer::PutSigningProfile>(
        operations, access_, by_name,
        [this](const Caller& caller, const api_signer::PutSigningProfileRequest& in) -> Outcome<api_signer::PutSigningProfileResponse> {
            const auto profile = judge_profile(in);
            if (!profile) return Unexpected(profile.error());
            if (!profile->certificate_arn.empty()) {
                const auto arn = parse_certificate_arn(profile->certificate_arn);
                if (!arn) return Unexpected(validation_error(arn.error().message));
                if (arn->scope != caller.scope)
                    return Unexpected(validation_error(
                        "The certificate " + profile->certificate_arn + " is of another account or region than the profile (account " +
                        caller.scope.account.text() + ", " + caller.scope.region.text() + "). Import it there."));
                const auto stored =
                    store_.read([&](runtime::SqlSession& session) { return find_certificate_row(session, caller.scope, arn->id); });
                if (!stored)
                    return awsapi::service_fail(
                        "ResourceNotFoundException", 404,
                        "There is no certificate " + profile->certificate_arn + " in ACM. Import it first (acm import-certificate).");
                const auto certificate = x509::Certificate::parse_pem(stored->certificate);
                if (!certificate) return Unexpected(awsapi::to_service_error("signer", certificate.error()));
                if (auto fine = judge_signing_certificate(*certificate, profile->certificate_arn, clock_.now()); !fine)
                    return Unexpected(validation_error(fine.error().message));
                const auto algorithm =
                    choose_algorithm(*find_platform(profile->platform_id), profile->encryption, profile->hash, *certificate);
                if (!algorithm) return Unexpected(validation_error(algorithm.error().message));
            }
            const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
                if (!put_profile_row(session, caller.scope, *profile))
                    return Unexpected(validation_error("The name " + profile->name +
                                                       " is taken by a profile that was canceled; such names stay taken. Choose another."));
                return {};
            });
            if (!done) return Unexpected(done.error());
            api_signer::PutSigningProfileResponse out;
            out.arn = profile_arn(caller.scope, profile->name);
            out.profile_version = profile->version;
            out.profile_version_arn = profile_version_arn(caller.scope, *profile);
            return out;
        });

    access::bind_authorised<api_signer::GetSigningProfile>(
        operations, access_, by_name,
        [this](const Caller& caller, const api_signer::GetSigningProfileRequest& in) -> Outcome<api_signer::GetSigningProfileResponse> {
            if (in.profile_owner && *in.profile_owner != caller.scope.account.text())
                return awsapi::service_fail("AccessDeniedException", 403,
                                            "Profile " + in.profile_name + " of account " + *in.profile_owner +
                                                " is not shared with account " + caller.scope.account.text() +
                                                ": permissions of profiles over accounts are not here.");
            const auto profile =
                store_.read([&](runtime::SqlSession& session) { return find_profile_row(session, caller.scope, in.profile_name); });
            if (!profile) return Unexpected(no_such_profile(in.profile_name));
            api_signer::GetSigningProfileResponse out;
            write_profile(out, caller.scope, *profile);
            out.overrides = to_overrides(profile->encryption, profile->hash, profile->image_format);
            return out;
        });

    access::bind_authorised<api_signer::ListSigningProfiles>(
        operations, access_, [](const Scope&, const auto&) { return std::string("*"); },
        [this](const Caller& caller, const api_signer::ListSigningProfilesRequest& in) -> Outcome<api_signer::ListSigningProfilesResponse> {
            const auto most = judge_page(in.max_results);
            if (!most) return Unexpected(most.error());
            std::string after = in.next_token.value_or("");  // the last name given
            if (!objects::is_storable_text(after))
                return Unexpected(validation_error("The nextToken is none that ListSigningProfiles gave."));
            const auto is_wanted = [&](const Profile& profile) {
                if (in.platform_id && *in.platform_id != profile.platform_id) return false;
                if (in.statuses && !in.statuses->empty())
                    return std::find(in.statuses->begin(), in.statuses->end(), profile.status) != in.statuses->end();
                return profile.status != "Canceled" || in.include_canceled.value_or(false);
            };
            api_signer::ListSigningProfilesResponse out;
            out.profiles.emplace();
            constexpr std::int64_t batch = 100;
            for (bool more = true; more;) {
                const auto rows = store_.read([&](runtime::SqlSession& session) {
                    return session.query(sql::list_profiles, {{"account", caller.scope.account.text()},
                                                              {"region", caller.scope.region.text()},
                                                              {"after", after},
                                                              {"count", batch}});
                });
                more = rows.size() == static_cast<std::size_t>(batch);
                for (const auto& row : rows) {
                    const auto profile = read_profile(row);
                    if (is_wanted(profile)) {
                        if (out.profiles->size() == *most) {
                            out.next_token = after;
                            return out;
                        }
                        api_signer::SigningProfile one;
                        write_profile(one, caller.scope, profile);
                        out.profiles->push_back(std::move(one));
                    }
                    after = profile.name;
                }
            }
            return out;
        });

    access::bind_authorised<api_signer::CancelSigningProfile>(
        operations, access_, by_name,
        [this](const Caller& caller, const api_signer::CancelSigningProfileRequest& in) -> Outcome<api::Nothing> {
            const auto done = store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
                if (session.execute(
                        sql::cancel_profile,
                        {{"account", caller.scope.account.text()}, {"region", caller.scope.region.text()}, {"name", in.profile_name}}) == 0)
                    return Unexpected(no_such_profile(in.profile_name));
                return {};
            });
            if (!done) return Unexpected(done.error());
            return api::Nothing{};
        });

    const auto by_arn = [](const Scope&, const auto& in) { return in.resource_arn; };
    const auto change_tags = [this](const Scope& scope, const std::string& arn, auto change) -> Outcome<void> {
        const auto name = parse_profile_arn(scope, arn);
        if (!name) return Unexpected(name.error());
        return store_.write([&](runtime::SqlSession& session) -> Outcome<void> {
            auto profile = find_profile_row(session, scope, *name);
            if (!profile) return awsapi::service_fail("NotFoundException", 404, "profile with name " + *name + " does not exist");
            change(profile->tags);
            if (profile->tags.size() > 50)
                return awsapi::service_fail(
                    "BadRequestException", 400,
                    "A signing profile takes at most 50 tags; it would have " + std::to_string(profile->tags.size()) + ".");
            session.execute(sql::set_profile_tags, {{"account", scope.account.text()},
                                                    {"region", scope.region.text()},
                                                    {"name", *name},
                                                    {"tags", objects::format_fields(profile->tags)}});
            return {};
        });
    };
    access::bind_authorised<api_signer::TagResource>(
        operations, access_, by_arn,
        [change_tags](const Caller& caller, const api_signer::TagResourceRequest& in) -> Outcome<api_signer::TagResourceResponse> {
            const auto done = change_tags(caller.scope, in.resource_arn, [&](objects::Fields& tags) {
                for (const auto& [key, value] : in.tags) tags.insert_or_assign(key, value);
            });
            if (!done) return Unexpected(done.error());
            return api_signer::TagResourceResponse{};
        });
    access::bind_authorised<api_signer::UntagResource>(
        operations, access_, by_arn,
        [change_tags](const Caller& caller, const api_signer::UntagResourceRequest& in) -> Outcome<api_signer::UntagResourceResponse> {
            const auto done = change_tags(caller.scope, in.resource_arn, [&](objects::Fields& tags) {
                for (const auto& key : in.tag_keys) tags.erase(key);
            });
            if (!done) return Unexpected(done.error());
            return api_signer::UntagResourceResponse{};
        });
    access::bind_authorised<api_signer::ListTagsForResource>(
        operations, access_, by_arn,
        [this](const Caller& caller, const api_signer::ListTagsForResourceRequest& in) -> Outcome<api_signer::ListTagsForResourceResponse> {
            const auto name = parse_profile_arn(caller.scope, in.resource_arn);
            if (!name) return Unexpected(name.error());
            const auto profile = store_.read([&](runtime::SqlSession& session) { return find_profile_row(session, caller.scope, *name); });
            if (!profile) return awsapi::service_fail("NotFoundException", 404, "profile with name " + *name + " does not exist");
            api_signer::ListTagsForResourceResponse out;
            out.tags = profile->tags;
            return out;
        });
}

}  // namespace otabahn::signer
