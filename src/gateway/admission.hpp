// SPDX-License-Identifier: Apache-2.0
// Who a connection is and what its policies say, as the registry holds it: loaded on a blocking pool when a client connects
// and again when something of it changed; immutable after that. Compiled documents are shared between connections.
#pragma once

#include "access/permissions.hpp"
#include "base/error.hpp"
#include "gateway/arrival.hpp"
#include "policy/policy.hpp"
#include "registry/registry.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace otabahn::gateway {

// The registry as the gateway needs it; tests give their own. Blocking.
class IdentitySource {
  public:
    virtual ~IdentitySource() = default;
    virtual Result<registry::DeviceIdentity> load_identity(const CertificateId& certificate, const std::optional<Region>& region) = 0;
    virtual Result<std::optional<registry::ThingFacts>> load_thing(const Scope& scope, const ThingName& thing) = 0;
    virtual Result<access::Permissions> load_permissions(const awsapi::Caller& caller) = 0;
};

class RegistryIdentities final : public IdentitySource {
  public:
    RegistryIdentities(registry::Registry& registry, runtime::Store& store) : registry_(registry), store_(store) {}
    Result<registry::DeviceIdentity> load_identity(const CertificateId& certificate, const std::optional<Region>& region) override {
        return registry_.load_identity(certificate, region);
    }
    Result<std::optional<registry::ThingFacts>> load_thing(const Scope& scope, const ThingName& thing) override {
        return registry_.load_thing(scope, thing);
    }
    Result<access::Permissions> load_permissions(const awsapi::Caller& caller) override { return access::permissions_of(store_, caller); }

  private:
    registry::Registry& registry_;
    runtime::Store& store_;
};

// Of the certificate, by the names of spec gateway 2.5; only read when a policy asks for one.
struct CertificateFields {
    std::string serial;
    std::map<std::string, std::vector<std::string>> subject, issuer;
    std::vector<std::string> alternative_names;
};

struct Admission {
    Scope scope;
    std::string certificate_id;
    std::string status;
    std::vector<policy::NamedDocument> policies;
    // The thing that the certificate is attached to and whose name the client id is; else there are no thing variables.
    std::optional<registry::ThingFacts> thing;
    std::optional<CertificateFields> certificate;
    // Of a caller who signed, instead of all that.
    bool root = false;  // may everything
    std::map<std::string, std::string> facts{};
};
using AdmissionPtr = std::shared_ptr<const Admission>;  // kept by the connection and by whatever judges with it just now

// Documents by their text: a fleet that shares a policy compiles it once. Any pool thread.
class DocumentCache {
  public:
    Result<std::shared_ptr<const policy::Document>> compile(const std::string& text);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::weak_ptr<const policy::Document>> documents_;
    std::size_t sweep_at_ = 1024;
};

// A certificate that is not registered, or in several places with no region to choose, is a failed Result; one that is not
// ACTIVE is an Admission whose status says so.
Result<AdmissionPtr> load_admission(IdentitySource& identities, DocumentCache& documents, const CertificateId& certificate,
                                    const std::optional<Region>& region, const std::string& client_id);

// By IAM's policies. Things, whose principals are certificates here, have no part in it.
Result<AdmissionPtr> load_admission(IdentitySource& identities, const awsapi::Caller& caller);

// The word of spec gateway 1.2 for the log: DEVICE_CERTIFICATE_INACTIVE and the like.
std::string_view refusal_word(std::string_view status);

}  // namespace otabahn::gateway
