// SPDX-License-Identifier: Apache-2.0
// Code signing: `otabahn signing create`, the choice of a profile, and a file of S3 signed by it.
#pragma once

#include "operator/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace otabahn::operator_tool {

Result<void> check_profile_name(const std::string& name);
// Key, self-signed certificate, ACM, profile.
Result<void> create_signing(Session& session, const std::string& name);

struct Profile {
    std::string name, certificate_arn, platform;
    std::string device_certificate() const { return name + ".pem"; }  // its file in a bundle's trust/
};

// The active profiles of the two IoT platforms.
Result<std::vector<Profile>> active_profiles(Session& session);
// The one that is named, or the only active one; none or several: refused, naming them.
Result<Profile> choose_profile(Session& session, const std::string& name);
// Bytes that the profile's platform signs at the most.
Result<std::uint64_t> size_limit(Session& session, const Profile& profile);

struct S3Version {
    std::string bucket, key, version;
};
struct Signature {
    std::string algorithm;  // SHA256-ECDSA
    std::string value;      // base64
};
// Has Signer sign the object and reads the signature out of what it wrote below `prefix`.
Result<Signature> sign(Session& session, const Profile& profile, const S3Version& object, const std::string& prefix);

}  // namespace otabahn::operator_tool
