// SPDX-License-Identifier: Apache-2.0
// Credentials, region and endpoint are found where AWS's own command line finds them, in its order.
#include "client/settings.hpp"

#include "client/aws_profiles.hpp"
#include "client/endpoints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::client {
namespace {

using testing::HasSubstr;

class FindSettings : public testing::Test {
  protected:
    Environment environment() {
        return {[this](const std::string& name) { return look_up(variables, name); },
                [this](const std::string& path) { return look_up(files, path); }};
    }
    static std::optional<std::string> look_up(const std::map<std::string, std::string>& in, const std::string& name) {
        const auto found = in.find(name);
        return found == in.end() ? std::nullopt : std::optional(found->second);
    }
    Settings found(const Overrides& overrides = {}) {
        auto settings = find_settings(overrides, environment());
        EXPECT_TRUE(settings) << settings.error().message;
        return settings ? *settings : Settings{};
    }
    std::string refusal(const Overrides& overrides = {}) {
        const auto settings = find_settings(overrides, environment());
        EXPECT_FALSE(settings);
        return settings ? std::string() : settings.error().message;
    }

    std::map<std::string, std::string> variables{{"HOME", "/home/me"}};
    std::map<std::string, std::string> files;
};

TEST_F(FindSettings, TheEnvironmentComesFirst) {
    variables.insert({{"AWS_ACCESS_KEY_ID", "AK"},
                      {"AWS_SECRET_ACCESS_KEY", "SK"},
                      {"AWS_SESSION_TOKEN", "T"},
                      {"AWS_REGION", "r-1"},
                      {"AWS_DEFAULT_REGION", "r-2"}});
    files["/home/me/.aws/credentials"] = "[default]\naws_access_key_id=file\naws_secret_access_key=file\n";
    const Settings settings = found();
    EXPECT_EQ(settings.credentials.access_key_id, "AK");
    EXPECT_EQ(settings.credentials.session_token, "T");
    EXPECT_EQ(settings.credentials_from, "the environment");
    EXPECT_EQ(settings.region, "r-1");
}

TEST_F(FindSettings, ThenTheProfileOfTheTwoFiles) {
    files["/home/me/.aws/credentials"] =
        "[default]\naws_access_key_id = D\naws_secret_access_key = DS\n[ci]\naws_access_key_id=C\naws_secret_access_key=CS\n";
    files["/home/me/.aws/config"] = "[default]\nregion = eu-west-1\n[profile ci]\nregion=us-east-2\nendpoint_url = http://ci:1\n";
    EXPECT_EQ(found().credentials.access_key_id, "D");
    EXPECT_EQ(found().region, "eu-west-1");
    variables["AWS_PROFILE"] = "ci";
    EXPECT_EQ(found().credentials.secret, "CS");
    EXPECT_EQ(found().region, "us-east-2");
    EXPECT_EQ(found().endpoint_url, "http://ci:1");
    EXPECT_EQ(found({.profile = "default"}).credentials.access_key_id, "D");
}

TEST_F(FindSettings, AProfileOnTheCommandLineBeatsKeysInTheEnvironmentAndOneInAVariableDoesNot) {
    variables.insert({{"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "SK"}, {"AWS_REGION", "r-1"}});
    files["/home/me/.aws/config"] = "[profile ci]\naws_access_key_id=C\naws_secret_access_key=CS\n";
    EXPECT_EQ(found({.profile = "ci"}).credentials.access_key_id, "C");
    variables["AWS_PROFILE"] = "ci";
    EXPECT_EQ(found().credentials.access_key_id, "AK");
}

TEST_F(FindSettings, TheFilesMayLieElsewhere) {
    variables.insert({{"AWS_SHARED_CREDENTIALS_FILE", "/data/credentials"}, {"AWS_CONFIG_FILE", "~/config"}});
    files["/data/credentials"] = "[default]\naws_access_key_id=A\naws_secret_access_key=S\n";
    files["/home/me/config"] = "[default]\nregion=r-3\n";
    EXPECT_EQ(found().credentials.access_key_id, "A");
    EXPECT_EQ(found().region, "r-3");
}

TEST_F(FindSettings, TheCommandLineBeatsEverythingForRegionAndEndpoint) {
    variables.insert({{"AWS_ACCESS_KEY_ID", "AK"},
                      {"AWS_SECRET_ACCESS_KEY", "SK"},
                      {"AWS_REGION", "r-1"},
                      {"AWS_ENDPOINT_URL", "http://e:1"},
                      {"AWS_ENDPOINT_URL_S3", "http://s3:1"}});
    EXPECT_EQ(found({.region = "r-9"}).region, "r-9");
    EXPECT_EQ(find_endpoint(found(), "iot")->url, "http://e:1");
    EXPECT_EQ(find_endpoint(found(), "s3")->url, "http://s3:1");
    EXPECT_EQ(find_endpoint(found({.endpoint_url = "http://c:1"}), "s3")->url, "http://c:1");
    variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
    EXPECT_EQ(found().endpoint_url, "");
}

TEST_F(FindSettings, WithoutCredentialsItSaysWhereItLookedAndWhatToDo) {
    files["/home/me/.aws/config"] = "[default]\nregion=r\n";
    const std::string message = refusal();
    EXPECT_THAT(message, HasSubstr("AWS_ACCESS_KEY_ID (not set)"));
    EXPECT_THAT(message, HasSubstr("/home/me/.aws/credentials (no such file)"));
    EXPECT_THAT(message, HasSubstr("/home/me/.aws/config (there, without credentials)"));
    EXPECT_THAT(message, HasSubstr("otabahn env"));
}

TEST_F(FindSettings, HalfAKeyIsRefused) {
    variables["AWS_ACCESS_KEY_ID"] = "AK";
    EXPECT_THAT(refusal(), HasSubstr("Only half of a key is in the environment"));
    variables.erase("AWS_ACCESS_KEY_ID");
    files["/home/me/.aws/credentials"] = "[default]\naws_secret_access_key=S\n";
    EXPECT_THAT(refusal(), HasSubstr("profile 'default' of /home/me/.aws/credentials"));
}

TEST_F(FindSettings, AProfileThatIsNotThereIsRefusedByName) {
    EXPECT_THAT(refusal({.profile = "nobody"}), HasSubstr("The profile 'nobody' (from --profile) could not be found"));
    variables.insert({{"AWS_PROFILE", "nobody"}, {"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "SK"}});
    EXPECT_THAT(refusal(), HasSubstr("from AWS_PROFILE"));
}

TEST_F(FindSettings, CredentialsThatOnlyAwsCanFetchAreNamed) {
    files["/home/me/.aws/config"] = "[profile sso]\nsso_session = corp\nregion = r\n";
    const std::string message = refusal({.profile = "sso"});
    EXPECT_THAT(message, HasSubstr("sso_session"));
    EXPECT_THAT(message, HasSubstr("aws configure export-credentials --profile sso"));
}

TEST_F(FindSettings, WithoutARegionItSaysWhereItLooked) {
    variables.insert({{"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "SK"}});
    EXPECT_THAT(refusal(), HasSubstr("AWS_DEFAULT_REGION (not set)"));
}

TEST(ProfileFiles, AreReadAsAwsReadsThem) {
    const ProfileFile config = ProfileFile::parse(
        "region = orphan\n# comment\n; comment\n[default]\r\nRegion = one \r\ns3 =\n  endpoint_url = nested\n\taddressing_style = "
        "path\nempty =\nno equals\n"
        "[profile  \"a b\"]\nregion=two\n[profilex]\nregion=three\n[sso-session default]\nregion=four\n[profile unclosed\nregion=five\n",
        ProfileFile::Kind::config);
    EXPECT_EQ(config.find("default", "region"), "one");
    EXPECT_FALSE(config.find("default", "endpoint_url"));
    EXPECT_FALSE(config.find("default", "empty"));
    EXPECT_EQ(config.find("a b", "region"), "two");
    EXPECT_FALSE(config.has("x"));
    EXPECT_FALSE(config.has("profilex"));
    EXPECT_FALSE(config.has("unclosed"));
    EXPECT_TRUE(ProfileFile::parse("[profile x]\n", ProfileFile::Kind::credentials).has("profile x"));
}

TEST(Endpoints, OfAwsAreItsOwn) {
    Settings settings;
    settings.region = "eu-west-1";
    const std::map<std::string, std::string> hosts{{"iot", "https://iot.eu-west-1.amazonaws.com"},
                                                   {"iot-data", "https://data-ats.iot.eu-west-1.amazonaws.com"},
                                                   {"signer", "https://signer.eu-west-1.amazonaws.com"},
                                                   {"iot-jobs-data", "https://data.jobs.iot.eu-west-1.amazonaws.com"},
                                                   {"s3", "https://s3.eu-west-1.amazonaws.com"},
                                                   {"acm", "https://acm.eu-west-1.amazonaws.com"},
                                                   {"iam", "https://iam.amazonaws.com"},
                                                   {"sts", "https://sts.eu-west-1.amazonaws.com"}};
    for (const auto& [service, url] : hosts) {
        const auto endpoint = find_endpoint(settings, service);
        ASSERT_TRUE(endpoint);
        EXPECT_EQ(endpoint->url, url);
        EXPECT_TRUE(endpoint->is_aws);
        EXPECT_EQ(endpoint->region, service == "iam" ? "us-east-1" : "eu-west-1");
    }
    EXPECT_FALSE(find_endpoint(settings, "dynamodb"));
}

TEST(Endpoints, GivenOnesKeepTheClientsRegionAndLoseTheirDefaultPort) {
    Settings settings;
    settings.region = "eu-west-1";
    settings.endpoint_url = "HTTP://Host:80/prefix/";
    const auto endpoint = find_endpoint(settings, "iam");
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->url, "http://Host/prefix");
    EXPECT_EQ(endpoint->authority, "Host");
    EXPECT_EQ(endpoint->prefix, "/prefix");
    EXPECT_EQ(endpoint->region, "eu-west-1");
    EXPECT_FALSE(endpoint->is_aws);
}

TEST(Endpoints, ThatAreNoUrlAreRefused) {
    for (const char* bad : {"localhost:4566", "ftp://h", "http://", "http:///", "http://user@h", "http://h/?x", "http://a b"}) {
        Settings settings;
        settings.endpoint_url = bad;
        const auto endpoint = find_endpoint(settings, "iot");
        ASSERT_FALSE(endpoint) << bad;
        EXPECT_THAT(endpoint.error().message, HasSubstr("http://127.0.0.1:4566"));
    }
}

}  // namespace
}  // namespace otabahn::client
