// SPDX-License-Identifier: Apache-2.0
// The texts of a release, held against the parsers that the device reads them with; and what the command line may say.
#include "operator/release.hpp"

#include "encoding/base64_string.hpp"
#include "otawire/job_document.hpp"
#include "otawire/release_manifest.hpp"

#include <gmock/gmock.h>

namespace otabahn::operator_tool {
namespace {

using testing::HasSubstr;

Release release() {
    return {.version = "1.1.0",
            .minimum_version = "1.0.0",
            .product = "lamp",
            .hardware = {"rev-a", "rev-b"},
            .image = {.size = 1'048'576, .sha256 = std::string(64, 'a')}};
}

SignedRelease signed_release() {
    SignedRelease out{.release = release(), .stream = "otabahn-1", .certificate = "release.pem"};
    out.manifest = format_manifest(out.release);
    out.image_signature = {"SHA256-ECDSA", "c2lnbmVk"};
    out.manifest_signature = {"SHA256-ECDSA", "bWFuaWZlc3Q="};
    out.parameters = {{"MODE", "a \"quoted\"\nvalue"}};
    return out;
}

TEST(Release, TheDeviceReadsTheManifest) {
    const auto text = format_manifest(release());
    const auto manifest = otawire::parse_release_manifest(text);
    ASSERT_TRUE(manifest) << text;
    EXPECT_TRUE(manifest->version.equals("1.1.0"));
    EXPECT_TRUE(manifest->min_version.equals("1.0.0"));
    EXPECT_TRUE(manifest->fits_product("lamp"));
    EXPECT_FALSE(manifest->fits_product("fan"));
    EXPECT_TRUE(manifest->fits_hardware("rev-b"));
    EXPECT_FALSE(manifest->fits_hardware("rev-c"));
    std::array<std::uint8_t, 32> sha256;
    sha256.fill(0xaa);
    EXPECT_NE(manifest->find_file(sha256, 1'048'576), nullptr);
    EXPECT_EQ(manifest->find_file(sha256, 1'048'575), nullptr);
}

TEST(Release, WithoutProductAndHardwareItFitsEverything) {
    const auto text = format_manifest({.version = "1", .image = {.size = 1, .sha256 = std::string(64, 'a')}});
    const auto manifest = otawire::parse_release_manifest(text);
    ASSERT_TRUE(manifest) << text;
    EXPECT_TRUE(manifest->fits_product("anything"));
    EXPECT_TRUE(manifest->fits_hardware(""));
}

TEST(Release, TheDeviceReadsTheDocumentAndTheManifestInItIsByteForByteWhatWasSigned) {
    const auto wanted = signed_release();
    const auto text = format_document(wanted);
    const auto document = otawire::parse_job_document(text);
    ASSERT_TRUE(document) << text;
    EXPECT_TRUE(document->version.equals("1.1.0"));
    EXPECT_TRUE(document->stream.equals("otabahn-1"));
    ASSERT_EQ(document->files().size(), 1U);
    EXPECT_EQ(document->files()[0].size, 1'048'576U);
    ASSERT_TRUE(document->files()[0].signature);
    EXPECT_TRUE(document->files()[0].signature->certificate.equals("release.pem"));
    ASSERT_TRUE(document->release);
    const auto manifest = document->release->manifest.plain();
    ASSERT_TRUE(manifest);
    EXPECT_EQ(*manifest, encoding::to_base64(wanted.manifest));
}

TEST(Release, ParametersReachTheDeviceWhole) {
    const auto text = format_document(signed_release());
    const auto document = otawire::parse_job_document(text);
    ASSERT_TRUE(document);
    otawire::Parameters parameters(document->parameters);
    otawire::Parameter parameter;
    ASSERT_TRUE(parameters.next(parameter));
    EXPECT_TRUE(parameter.name.equals("MODE"));
    EXPECT_TRUE(parameter.text.equals("a \"quoted\"\nvalue"));
    EXPECT_FALSE(parameters.next(parameter));
}

TEST(CommandLine, AVersionThatNoDeviceTakesIsWrongUsage) {
    for (const std::string& version : {std::string(), std::string(65, '1'), std::string("1.0\n"), std::string("1\x7f")}) {
        const auto checked = check_version("--version", version);
        ASSERT_FALSE(checked) << version;
        EXPECT_EQ(checked.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(checked.error().message, HasSubstr("--version takes 1 to 64"));
        EXPECT_EQ(checked.error().message.find('\n'), std::string::npos);
    }
    for (const char* version : {"1", "v1.2.0-rc.1+build", "2026-03 stable"}) EXPECT_TRUE(check_version("--version", version)) << version;
    EXPECT_TRUE(check_version("--version", std::string(64, '1')));
}

TEST(CommandLine, ParametersAreNameAndValueAndEachNameComesOnce) {
    for (const std::vector<std::string>& texts : std::vector<std::vector<std::string>>{{"x"}, {"=x"}, {""}, {"a=1", "a=2"}}) {
        const auto parsed = parse_parameters(texts);
        ASSERT_FALSE(parsed) << texts.front();
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_request);
    }
    const auto parsed = parse_parameters({"a=", "b=1=2"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (std::map<std::string, std::string>{{"a", ""}, {"b", "1=2"}}));
}

TEST(CommandLine, ASigningProfilesNameIsCheckedBeforeAnybodyIsAsked) {
    for (const std::string& name : {std::string(), std::string("x"), std::string("rel-ease"), std::string("a b"), std::string(65, 'x')})
        EXPECT_FALSE(check_profile_name(name)) << name;
    for (const std::string& name : {std::string("ab"), std::string("Release_1"), std::string(64, 'x')})
        EXPECT_TRUE(check_profile_name(name)) << name;
}

}  // namespace
}  // namespace otabahn::operator_tool
