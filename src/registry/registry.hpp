// SPDX-License-Identifier: Apache-2.0
// AWS IoT's registry: things, groups, certificates, IoT policies and what is attached to what. Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "base/ids.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::registry {

// The port through which device certificates are made; pki/ implements it with the server's own CA.
class DeviceAuthority {
  public:
    virtual ~DeviceAuthority() = default;
    // PEM of a certificate over the public key, valid until 2049 as AWS's are (spec control-plane 6.4).
    virtual Result<std::string> issue(std::string_view public_key_pem, std::string_view common_name) = 0;
};

struct NamedPolicy {
    std::string name, document;  // default version's text
};

// Everything the gateway needs to know of a certificate, read once a connection and again after a Change.
struct DeviceIdentity {
    Scope scope;
    CertificateId certificate_id;
    std::string status;  // ACTIVE, INACTIVE, …
    std::string pem;
    std::vector<NamedPolicy> policies;  // attached to the certificate
    std::vector<std::string> things;    // attached things
};

// A thing as policy variables see it, and the policies of its groups and their ancestors.
struct ThingFacts {
    std::string name, type;
    std::map<std::string, std::string> attributes;
    std::vector<NamedPolicy> group_policies;
};

class Registry {
  public:
    Registry(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, DeviceAuthority& authority, access::Access& access,
             std::string endpoint_host);

    // Registered where? `region` is what SNI named, if it did. Not found: the certificate is not registered (there).
    // conflict: registered in several (account, region) pairs and no SNI says which.
    Result<DeviceIdentity> load_identity(const CertificateId& certificate, const std::optional<Region>& region);
    Result<std::optional<ThingFacts>> load_thing(const Scope& scope, const ThingName& thing);

    // Inside another capability's transaction:
    static bool thing_exists(runtime::SqlSession& session, const Scope& scope, const ThingName& thing);
    static bool group_exists(runtime::SqlSession& session, const Scope& scope, const ThingGroupName& group);
    static std::vector<ThingName> members(runtime::SqlSession& session, const Scope& scope,
                                          const ThingGroupName& group);  // descendants too

    void bind_rest(awsapi::Operations& operations);

  private:
    runtime::Store& store_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    DeviceAuthority& authority_;
    access::Access& access_;
    std::string endpoint_host_;
};

}  // namespace otabahn::registry
