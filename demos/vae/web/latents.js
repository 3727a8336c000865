// A model as visitors read its name, vae-mnist-40d as "40 latents", and the name itself for who asks.
export const latentsOf = (name) => `${/(\d+)d$/.exec(name)[1]} latents`;

export const nameModel = (label, name) => Object.assign(label, {textContent: latentsOf(name), title: name});
