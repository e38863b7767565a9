// SPDX-License-Identifier: Apache-2.0
// The texts of a release (design, section 4): the manifest that is signed, and the job document that carries it.
#pragma once

#include "operator/signing.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::operator_tool {

struct Image {
    std::string name = "firmware";
    std::uint64_t size = 0;
    std::string sha256;  // hex
};

struct Release {
    std::string version, minimum_version, product;
    std::vector<std::string> hardware;
    Image image;
};

// What devices take as a version: 1 to 64 characters, none of them a control character.
Result<void> check_version(std::string_view option, std::string_view version);
// NAME=VALUE each, every name once.
Result<std::map<std::string, std::string>> parse_parameters(const std::vector<std::string>& texts);

std::string format_manifest(const Release& release);

struct SignedRelease {
    Release release;
    std::string stream;
    std::string manifest;  // the exact bytes that were signed
    Signature image_signature, manifest_signature;
    std::string certificate;  // file name in the device's trust folder
    std::map<std::string, std::string> parameters;
};
std::string format_document(const SignedRelease& release);

}  // namespace otabahn::operator_tool
