// SPDX-License-Identifier: Apache-2.0
#include "client/settings.hpp"

#include "client/aws_profiles.hpp"
#include "client/endpoints.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace otabahn::client {
namespace {

constexpr std::string_view next_step =
    " For a local server run `eval \"$(otabahn env --data DIR)\"`; for AWS run `aws configure`, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY.";

// Settings of a profile that lead to credentials in ways which are AWS's own business.
constexpr std::array<std::string_view, 5> indirect{"role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"};

struct Files {
    std::string credentials_path, config_path;
    bool credentials_there = false, config_there = false;
    ProfileFile credentials, config;

    // The profile's setting, credentials file first.
    std::optional<std::string> find(const std::string& profile, std::string_view key) const {
        if (auto value = credentials.find(profile, key)) return value;
        return config.find(profile, key);
    }
    std::string searched(const std::string& profile) const {
        const auto shown = [&](const std::string& path, bool there, const ProfileFile& file) {
            return path + (!there ? " (no such file)" : file.has(profile) ? " (there, without credentials)" : " (no such profile)");
        };
        return "profile '" + profile + "' in " + shown(credentials_path, credentials_there, credentials) + " and in " +
               shown(config_path, config_there, config);
    }
};

std::string expanded(const std::string& path, const Environment& environment) {
    return path.starts_with("~/") ? environment.variable("HOME").value_or("") + path.substr(1) : path;
}

Files read_files(const Environment& environment) {
    Files files;
    files.credentials_path = expanded(environment.variable("AWS_SHARED_CREDENTIALS_FILE").value_or("~/.aws/credentials"), environment);
    files.config_path = expanded(environment.variable("AWS_CONFIG_FILE").value_or("~/.aws/config"), environment);
    if (const auto text = environment.read_file(files.credentials_path)) {
        files.credentials_there = true;
        files.credentials = ProfileFile::parse(*text, ProfileFile::Kind::credentials);
    }
    if (const auto text = environment.read_file(files.config_path)) {
        files.config_there = true;
        files.config = ProfileFile::parse(*text, ProfileFile::Kind::config);
    }
    return files;
}

Unexpected<Error> incomplete(const std::string& where) {
    return fail(ErrorCode::unauthenticated,
                "Only half of a key is in " + where + ": both the access key id and the secret access key are needed.");
}

Result<void> find_credentials(Settings& settings, const Overrides& overrides, const std::string& profile, const Files& files,
                              const Environment& environment) {
    std::string looked = "AWS_ACCESS_KEY_ID (not set), ";
    // A profile given on the command line beats the environment; AWS_PROFILE does not.
    if (overrides.profile.empty()) {
        const auto id = environment.variable("AWS_ACCESS_KEY_ID"), secret = environment.variable("AWS_SECRET_ACCESS_KEY");
        if (id && secret) {
            settings.credentials = {*id, *secret, environment.variable("AWS_SESSION_TOKEN").value_or("")};
            settings.credentials_from = "the environment";
            return {};
        }
        if (id || secret) return incomplete("the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)");
    } else {
        looked.clear();
    }
    for (const auto& [file, path] :
         {std::pair(&files.credentials, &files.credentials_path), std::pair(&files.config, &files.config_path)}) {
        const auto id = file->find(profile, "aws_access_key_id"), secret = file->find(profile, "aws_secret_access_key");
        if (id && secret) {
            settings.credentials = {*id, *secret, file->find(profile, "aws_session_token").value_or("")};
            settings.credentials_from = "profile '" + profile + "' in " + *path;
            return {};
        }
        if (id || secret) return incomplete("profile '" + profile + "' of " + *path);
    }
    for (const std::string_view key : indirect)
        if (files.find(profile, key))
            return fail(
                ErrorCode::unauthenticated,
                "Profile '" + profile + "' gets its credentials by " + std::string(key) +
                    ", which this tool does not do itself. Let AWS's own do it: eval \"$(aws configure export-credentials --profile " +
                    profile + " --format env)\".");
    return fail(ErrorCode::unauthenticated,
                "No AWS credentials. Looked at: " + looked + files.searched(profile) + "." + std::string(next_step));
}

Result<void> find_region(Settings& settings, const Overrides& overrides, const std::string& profile, const Files& files,
                         const Environment& environment) {
    if (!overrides.region.empty()) {
        settings.region = overrides.region;
        return {};
    }
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
        if (const auto value = environment.variable(name)) {
            settings.region = *value;
            return {};
        }
    if (const auto value = files.find(profile, "region")) {
        settings.region = *value;
        return {};
    }
    return fail(ErrorCode::invalid_request,
                "No region. Looked at: --region (not given), AWS_REGION and AWS_DEFAULT_REGION (not set), `region` of " +
                    files.searched(profile) + ". Give --region, or set AWS_REGION.");
}

void find_endpoints(Settings& settings, const Overrides& overrides, const std::string& profile, const Files& files,
                    const Environment& environment) {
    settings.endpoint_url = overrides.endpoint_url;
    if (!settings.endpoint_url.empty()) return;
    if (environment.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").value_or("") == "true") return;
    for (const EndpointRow& row : endpoint_rows())
        if (const auto value = environment.variable("AWS_ENDPOINT_URL_" + std::string(row.variable)))
            settings.service_endpoints[std::string(row.service)] = *value;
    settings.endpoint_url = environment.variable("AWS_ENDPOINT_URL").value_or("");
    if (settings.endpoint_url.empty()) settings.endpoint_url = files.find(profile, "endpoint_url").value_or("");
}

}  // namespace

Environment Environment::of_process() {
    Environment out;
    out.variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
    };
    out.read_file = [](const std::string& path) -> std::optional<std::string> {
        std::ifstream in(path, std::ios::binary);
        if (!in) return std::nullopt;
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str();
    };
    return out;
}

Result<Settings> find_settings(const Overrides& overrides, const Environment& environment) {
    const Files files = read_files(environment);
    const auto named = !overrides.profile.empty()            ? std::optional(overrides.profile)
                       : environment.variable("AWS_PROFILE") ? environment.variable("AWS_PROFILE")
                                                             : environment.variable("AWS_DEFAULT_PROFILE");
    const std::string profile = named.value_or("default");
    if (named && !files.credentials.has(profile) && !files.config.has(profile))
        return fail(ErrorCode::not_found, "The profile '" + profile + "' (" +
                                              (overrides.profile.empty() ? "from AWS_PROFILE" : "from --profile") +
                                              ") could not be found. Looked at: " + files.searched(profile) + ".");
    Settings settings;
    if (auto found = find_credentials(settings, overrides, profile, files, environment); !found)
        return Unexpected(std::move(found).error());
    if (auto found = find_region(settings, overrides, profile, files, environment); !found) return Unexpected(std::move(found).error());
    find_endpoints(settings, overrides, profile, files, environment);
    settings.ca_bundle = environment.variable("AWS_CA_BUNDLE").value_or(files.find(profile, "ca_bundle").value_or(""));
    return settings;
}

}  // namespace otabahn::client
