// SPDX-License-Identifier: Apache-2.0
#include "device/linux/config.hpp"

#include "device/host/temporary_folder_test.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/hooks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace otabahn::device {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
  protected:
    ConfigTest() {
        for (const char* name : {"certificate.pem", "private.key", "root-ca.pem"}) folder.write(name, "x");
    }
    Result<Config> load(const std::string& more, const std::string& base = minimal) {
        return load_config(folder.write("device.toml", base + more));
    }
    std::string refusal(const std::string& more, const std::string& base = minimal) {
        const auto loaded = load(more, base);
        return loaded ? "taken" : loaded.error().message;
    }
    static inline const std::string minimal =
        "thing_name = \"T\"\nendpoint = \"localhost:8883\"\ncertificate = \"certificate.pem\"\nprivate_key = \"private.key\"\n";
    TemporaryFolder folder;
};

TEST_F(ConfigTest, TheLeastAndItsDefaults) {
    const auto config = load("");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->host, "localhost");
    EXPECT_EQ(config->port, 8883);
    EXPECT_EQ(config->certificate, folder.path() / "certificate.pem");
    EXPECT_EQ(config->state, folder.path() / "state");
    EXPECT_EQ(config->trust, folder.path() / "trust");
    EXPECT_EQ(config->command, std::vector<std::string>{"{image}"});
    EXPECT_TRUE(config->root_ca.empty());
    EXPECT_FALSE(config->require_release || config->allow_downgrade || config->allow_unsigned);
}

TEST_F(ConfigTest, EverythingThatABundleHolds) {
    const auto config = load(R"(root_ca = "root-ca.pem"
trust = "trust"
state = "/var/lib/x"
slot_bytes = 33554432
command = ["qemu-system-aarch64", "-bios", "{image}"]
self_test_command = ["grep", "-q", "banner", "console"]
self_test_seconds = 3
product = ""
hardware = "rev-b"
require_release = true
allow_downgrade = true
allow_unsigned = true
)");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->state, "/var/lib/x") << "an absolute path is taken as it is";
    EXPECT_EQ(config->command.size(), 3U);
    EXPECT_EQ(config->slot_bytes, 33'554'432U);
    EXPECT_EQ(config->hardware, "rev-b");
    EXPECT_TRUE(config->require_release && config->allow_downgrade && config->allow_unsigned);
}

TEST_F(ConfigTest, AnUnknownKeyIsNamedWithItsLine) {
    EXPECT_THAT(refusal("# a comment\ncolor = 1\n"), HasSubstr("device.toml:6: unknown key 'color'; the keys are thing_name, endpoint,"));
    EXPECT_THAT(refusal("[mqtt]\nport = 1\n"), HasSubstr("device.toml:5: unknown key 'mqtt'"));
}

TEST_F(ConfigTest, AWrongValueIsNamedWithItsLineAndWhatWasExpected) {
    const std::pair<const char*, const char*> rows[] = {
        {"slot_bytes = \"big\"\n", "'slot_bytes' takes a whole number from 1 to"},
        {"slot_bytes = 0\n", "'slot_bytes' takes a whole number from 1 to"},
        {"slot_bytes = 1.5\n", "'slot_bytes' takes a whole number"},
        {"command = \"run\"\n", "'command' takes a list of words"},
        {"command = []\n", "'command' takes a list of words"},
        {"command = [\"a\", 1]\n", "'command' takes a list of words"},
        {"self_test_seconds = -1\n", "'self_test_seconds' takes a whole number from 0 to 86400"},
        {"require_release = \"yes\"\n", "'require_release' takes true or false"},
        {"product = 7\n", "'product' takes a text in quotes"},
        {"trust = \"\"\n", "'trust' takes a path in quotes"},
        {"mqtt_version = 4\n", "'mqtt_version' takes 3 (which is 3.1.1) or 5"},
        {"provisioning_template = \"a b\"\n", "'provisioning_template' takes a provisioning template's name"},
        {"provisioning_parameters = [\"Serial\"]\n", "'provisioning_parameters' takes a list of \"Name=value\""},
        {"renew_days = -1\n", "'renew_days' takes a whole number from 0 to 3650"},
    };
    for (const auto& [line, expected] : rows) {
        EXPECT_THAT(refusal(line), HasSubstr("device.toml:5: ")) << line;
        EXPECT_THAT(refusal(line), HasSubstr(expected)) << line;
    }
}

TEST_F(ConfigTest, WrongNamesAndEndpointsAreRefused) {
    for (const char* endpoint : {"localhost", ":8883", "localhost:", "localhost:0", "localhost:65536", "localhost:88x"}) {
        std::string text = minimal;
        text.replace(text.find("localhost:8883"), 14, endpoint);
        EXPECT_THAT(refusal("", text), HasSubstr(":2: 'endpoint' takes \"HOST:PORT\"")) << endpoint;
    }
    std::string text = minimal;
    text.replace(text.find("\"T\""), 3, "\"a b\"");
    EXPECT_THAT(refusal("", text), HasSubstr(":1: 'thing_name' takes a thing's name"));
}

TEST_F(ConfigTest, AnIpv6AddressStandsInBrackets) {
    std::string text = minimal;
    text.replace(text.find("localhost"), 9, "[::1]");
    const auto config = load("", text);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->host, "::1");
}

TEST_F(ConfigTest, WhatIsMissingIsNamed) {
    for (const char* key : {"thing_name", "endpoint", "certificate", "private_key"}) {  // of a device that has no claim
        std::string text = minimal;
        text.insert(text.find(key), "#");
        EXPECT_THAT(refusal("", text), HasSubstr("the key '" + std::string(key) + "' is missing"));
    }
    std::filesystem::remove(folder.path() / "private.key");
    EXPECT_THAT(refusal(""), HasSubstr("'private_key' names"));
    EXPECT_THAT(load_config(folder.path() / "nowhere.toml").error().message, HasSubstr("there is no such file"));
}

TEST_F(ConfigTest, AClaimStandsInForTheCertificateAndNeedsItsTemplate) {
    const std::string nobody = "thing_name = \"T\"\nendpoint = \"localhost:8883\"\n";
    const std::string claim = "claim_certificate = \"certificate.pem\"\nclaim_private_key = \"private.key\"\n";
    EXPECT_THAT(refusal("", nobody), HasSubstr("'certificate' is missing (or claim_certificate"));
    EXPECT_THAT(refusal(claim, nobody), HasSubstr("'provisioning_template' is missing; claim_certificate needs it"));
    EXPECT_THAT(refusal("claim_private_key = \"private.key\"\n", nobody), HasSubstr("'claim_certificate' is missing"));
    EXPECT_THAT(refusal("claim_certificate = \"certificate.pem\"\n", nobody), HasSubstr("'claim_private_key' is missing"));
    EXPECT_THAT(refusal(claim + "private_key = \"private.key\"\n", nobody), HasSubstr("takes a key of a token"));
    EXPECT_THAT(refusal("renew_days = 30\n"), HasSubstr("'provisioning_template' is missing; renew_days needs it"));
    const auto config = load(claim + "provisioning_template = \"fleet\"\nprovisioning_parameters = [\"Serial=a=b\"]\n", nobody);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->provisioning_parameters, std::vector<std::string>{"Serial=a=b"});
}

TEST_F(ConfigTest, WhatIsNoTomlIsNamedWithItsLine) { EXPECT_THAT(refusal("product = lamp\n"), HasSubstr("device.toml:5: ")); }

TEST_F(ConfigTest, HalfAPairOfCommandsIsRefused) {
    EXPECT_THAT(refusal("install_command = [\"a\"]\n"),
                HasSubstr("the key 'activate_command' is missing; install = \"commands\" needs it"));
    EXPECT_THAT(refusal("install_command = [\"a\"]\nactivate_command = [\"b\"]\ncommand = [\"c\"]\n"),
                HasSubstr("device.toml:7: 'command' is of no use with install = \"commands\""));
}

TEST_F(ConfigTest, EveryBackEndTakesItsOwnKeysAndNamesWhatIsMissing) {
    EXPECT_THAT(refusal("install = \"magic\"\n"), HasSubstr(":5: 'install' takes one of program, files, devices, uboot, rauc, swupdate"));
    for (const BackEnd& row : back_ends()) {
        const std::string install = "install = \"" + std::string(row.name) + "\"\n";
        if (const auto required = required_keys(row); !required.empty()) {
            EXPECT_THAT(refusal(install), HasSubstr("the key '" + std::string(required.front()) + "' is missing"));
        }
        if (!takes_key(row, "swupdate_socket")) {
            EXPECT_THAT(refusal(install + "swupdate_socket = \"s\"\n"), HasSubstr(":6: 'swupdate_socket' is of no use with install"));
        }
    }
    const auto config = load("install = \"uboot\"\nslot_a = \"/dev/a\"\nslot_b = \"/dev/b\"\nuboot_variable = \"slot\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->slot_b, "/dev/b");
    EXPECT_EQ(config->uboot_variable, "slot");
}

TEST_F(ConfigTest, NamesAndAddressesThatCouldNotWorkAreRefused) {
    EXPECT_THAT(refusal("self_test_http = \"ftp://x\"\n"), HasSubstr("takes a URL of http or https"));
    EXPECT_THAT(refusal("sysupdate_name = \"image.efi\"\n"), HasSubstr("with @v where the version stands"));
    EXPECT_THAT(refusal("uboot_variable = \"a=b\"\n"), HasSubstr("the name of a variable"));
    EXPECT_THAT(refusal("hooks = \"hooks\"\n"), HasSubstr("where there is no folder"));
    folder.write("hooks/pre-install", "#!/bin/sh\n");
    EXPECT_THAT(refusal("hooks = \"hooks\"\n"), HasSubstr("holds 'pre-install', which would never be called; hooks are before-download"));
}

TEST_F(ConfigTest, TheDocumentListsEveryKeyAndEveryBackEnd) {
    std::ifstream file(OTABAHN_SOURCE_DIR "/docs/device.md");
    std::stringstream text;
    text << file.rdbuf();
    const std::string unknown = refusal("nonsense = 1\n");
    std::string keys = unknown.substr(unknown.find("the keys are ") + 13);
    keys.erase(keys.rfind('.'));
    for (std::size_t at = 0; at < keys.size();) {
        const std::size_t end = std::min(keys.find(", ", at), keys.size());
        EXPECT_THAT(text.str(), HasSubstr("`" + keys.substr(at, end - at) + "`"));
        at = end + 2;
    }
    for (const BackEnd& row : back_ends()) EXPECT_THAT(text.str(), HasSubstr("| `" + std::string(row.name) + "` | "));
    for (const std::string_view hook : hook_names) EXPECT_THAT(text.str(), HasSubstr("`" + std::string(hook) + "`"));
}

}  // namespace
}  // namespace otabahn::device
